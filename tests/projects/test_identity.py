"""Who is at work, and under which names somebody may work."""

from __future__ import annotations

import os
import pwd

import pytest
from helpers import SENTIMENT, write_project
from hypothesis import given
from hypothesis import strategies as st
from terminal_harness import Terminal, run

from tui_label import cli
from tui_label.core.roles import Person, Role, Roles
from tui_label.errors import StoreRefused, UsageError
from tui_label.projects.identity import at_work, login

ME = pwd.getpwuid(os.getuid()).pw_name


def test_who_is_at_work_is_the_user_by_number_whatever_the_environment_says(monkeypatch):
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "somebody-else")

    assert login() == ME


def test_a_number_without_a_name_is_the_name(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999_999)

    assert login() == "3999999999"


def test_without_roles_everybody_works_under_any_name():
    assert at_work(Roles()) == Person(ME, Role.LEAD)
    assert at_work(Roles(), "ann") == Person("ann", Role.LEAD)


def test_a_lead_works_under_another_name_with_the_rights_of_that_one():
    roles = Roles((ME,), ("rob",), ("ann",))

    assert at_work(roles, "rob") == Person("rob", Role.REVIEWER)
    assert at_work(roles, "ann") == Person("ann", Role.ANNOTATOR)
    assert at_work(roles, ME) == Person(ME, Role.LEAD)


def test_others_work_under_their_own_name_unless_a_lead_says_otherwise():
    with pytest.raises(StoreRefused, match=rf"{ME} may not work as ann: --as is for leads \(lea\)"):
        at_work(Roles(("lea",)), "ann")

    assert at_work(Roles(("lea",), as_anyone=True), "ann") == Person("ann", Role.ANNOTATOR)
    assert at_work(Roles(("lea",)), ME) == Person(ME, Role.ANNOTATOR)


@pytest.mark.parametrize("name", ["lea", "rob"])
def test_a_name_gives_no_rights_that_one_has_not(name):
    with pytest.raises(StoreRefused, match=f"may not work as {name}, who is a "):
        at_work(Roles(("lea",), ("rob",), as_anyone=True), name)


def test_who_is_not_named_has_no_part_where_annotators_are():
    with pytest.raises(StoreRefused, match=rf"{ME} has no part in this project: a lead \(lea\) adds"):
        at_work(Roles(("lea",), (), ("ann",)))
    with pytest.raises(StoreRefused, match="eve has no part"):
        at_work(Roles((ME,), (), ("ann",)), "eve")


NAMES = st.sampled_from([ME, "ann", "bob", "rob", "lea"])


@given(
    st.permutations([ME, "ann", "bob", "rob", "lea"]),
    st.integers(1, 4),
    st.integers(0, 3),
    st.none() | NAMES,
    st.booleans(),
)
def test_nobody_ever_gets_more_than_they_have(names, leads, reviewers, given_name, as_anyone):
    """Whoever asks to be whom: they are themselves, or somebody who may do no more."""
    rest = tuple(names[leads + reviewers :])
    roles = Roles(tuple(names[:leads]), tuple(names[leads : leads + reviewers]), rest[:1] or None, as_anyone)
    try:
        person = at_work(roles, given_name)
    except StoreRefused:
        return

    assert person.role == roles.of(person.name) <= roles.of(ME)
    assert person.name == (given_name or ME)
    assert person.name == ME or as_anyone or roles.of(ME) is Role.LEAD


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61, "\x1b[31m"])
def test_a_name_is_a_word_on_a_line(name):
    with pytest.raises(UsageError, match="a name is one to 60 printable characters"):
        at_work(Roles(), name)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["add", "DIR", "items.txt"], "bring items in: that needs a lead"),
        (["suggest", "DIR", "--with", "false"], "bring suggestions in: that needs a lead"),
        (["status", "DIR"], "see everybody's figures: that needs a reviewer"),
        (["status", "DIR", "--follow"], "see everybody's figures: that needs a reviewer"),
        (["report", "DIR", "-o", "page.html"], "see everybody's figures: that needs a reviewer"),
        (["agreement", "DIR"], "see everybody's answers: that needs a reviewer"),
        (["export", "DIR"], "take others' answers out: that needs a lead"),
        (["export", "DIR", "--annotator", "bob"], "take others' answers out: that needs a lead"),
        (["export", "DIR", "--settled"], "take others' answers out: that needs a lead"),
        (["review", "DIR", "--auto-settle", "majority"], "settle items in bulk: that needs a lead"),
        (["qualify", "DIR", "bob", "--pass"], "see others' attempts at the qualification set: that needs a reviewer"),
        (["qualify", "DIR", "bob"], "see others' attempts at the qualification set: that needs a reviewer"),
        (["backup", "DIR", "--to", "copy"], "copy the database: that needs a lead"),
    ],
)
def test_a_command_is_refused_in_one_line_and_does_nothing(tmp_path, monkeypatch, capsys, arguments, what):
    folder = write_project(
        tmp_path / "p", SENTIMENT + "review: {attempts: 2}\nroles: {leads: [lea], reviewers: [rob]}\n"
    )
    monkeypatch.chdir(tmp_path)
    status = cli.main([str(folder) if one == "DIR" else one for one in arguments])
    words, errors = capsys.readouterr()

    assert (status, words) == (1, "")
    assert errors.startswith(f"tui-label: {ME} may not {what}, which {ME} is not; ask lea")
    assert errors.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p"]


def test_own_answers_can_be_taken_out_by_an_annotator(tmp_path):
    folder = write_project(tmp_path / "p", SENTIMENT + "roles: {leads: [lea]}\n")

    assert run("export", str(folder), "--annotator", ME) == (0, "", "standard output: 0 answers, as jsonl\n")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["DIR"], "has no part in this project"),
        (["DIR", "--as", "ann"], "has no part in this project"),
        (["review", "DIR"], "has no part in this project"),
    ],
)
def test_who_may_not_work_sees_no_screen(tmp_path, arguments, what):
    folder = write_project(tmp_path / "p", SENTIMENT + "roles: {leads: [lea], annotators: [ann]}\n")
    terminal = Terminal(*[str(folder) if one == "DIR" else one for one in arguments], columns=160)

    status = terminal.wait()
    terminal.close()

    assert status == 1
    assert terminal.text.startswith(f"tui-label: {ME} {what}")
    assert b"\x1b[?1049h" not in terminal.raw, "the screen was taken"
