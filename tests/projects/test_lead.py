"""Leads in bulk: requeue what was answered under older guidelines, see people through the qualification set."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from helpers import BOTH, SENTIMENT, write_project

from tui_label import Project, cli, config
from tui_label.bench import notices
from tui_label.bench.dashboard import Following
from tui_label.core.annotation import Annotation
from tui_label.core.gold import GIVEN, Gold
from tui_label.core.item import Item
from tui_label.core.record import Record
from tui_label.core.training import Briefing, UsedUp
from tui_label.projects import opening
from tui_label.projects.identity import login
from tui_label.store.reviewing import Attempt
from tui_label.ui.views.dashboard import Shown, dashboard


def opened(folder: Path):
    project = config.load(folder)
    return project, *opening.open_store(project)


def run(*arguments: str, capsys) -> tuple[int, str, str]:
    status = cli.main(list(arguments))
    return status, *capsys.readouterr()


# requeue


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """Five items answered by ann and eve under the first guidelines, a sixth under the second."""
    folder = write_project(tmp_path / "p", SENTIMENT.replace("tasks:", "overlap: 2\ntasks:"))
    _, store, versions = opened(folder)
    store.add([Record(Item(f"i{n}", f"t{n}")) for n in range(6)])

    def submit(n: int, name: str, label: str, guidelines: int) -> None:
        annotation = Annotation(name, answers={"sentiment": label}, labels_version=1, guidelines_version=guidelines)
        store.submit(n + 1, annotation, f"{n}{name}", claim=False)

    for n in range(5):
        submit(n, "ann", "negative" if n < 3 else "positive", versions.guidelines)
        submit(n, "eve", "negative" if n == 0 else "neutral", versions.guidelines)
    (folder / "guidelines.md").write_text("# How to decide\n\n## negative\n\nComplaints, also polite ones.\n")
    _, store, versions = opened(folder)
    submit(5, "ann", "negative", versions.guidelines)
    return folder


def test_requeue_sends_back_what_was_answered_so_under_older_guidelines(changed, capsys):
    status, words, _ = run("requeue", str(changed), "--label", "negative", "--as", "lea", capsys=capsys)
    _, store, _ = opened(changed)
    claims = {name: store.claim(name) for name in ("ann", "eve")}

    assert (status, words.splitlines()) == (
        0,
        ["4 answers sent back: sentiment negative, before version 2", "  ann: 3", "  eve: 1"],
    )
    assert all(claim.returned and claim.item.key == "i0" for claim in claims.values())
    assert [(one.author, one.text) for one in claims["ann"].comments] == [
        ("lea", "The guidelines for negative changed (version 2): look at this again.")
    ]
    assert "sent back and not answered yet: ann 3, eve 1" in run("status", str(changed), capsys=capsys)[1].splitlines()
    assert store.case(6).returned == ()
    assert run("requeue", str(changed), "--label", "negative", capsys=capsys)[1].splitlines()[0].startswith("0 answers")


def test_nothing_goes_back_to_whoever_has_no_part_any_more(changed, capsys):
    """Until somebody answers again, it would be in no queue."""
    roles = f"roles: {{leads: [{login()}], annotators: [ann]}}\n"
    (changed / "project.yaml").write_text((changed / "project.yaml").read_text() + roles)
    for dry, counted in ((["--dry-run"], "3 older answers"), ([], "3 answers sent back")):
        _, words, _ = run("requeue", str(changed), "--label", "negative", *dry, capsys=capsys)
        assert words.splitlines() == [
            f"{counted}: sentiment negative, before version 2",
            "  ann: 3",
            "  eve: 1, left alone: no part in the project any more",
        ]
    assert opened(changed)[1].case(1).returned == ("ann",)


def test_a_dry_run_says_how_many_and_does_nothing(changed, capsys):
    _, store, _ = opened(changed)
    before = list(store.answers(history=True))
    _, words, _ = run("requeue", str(changed), "--label", "negative", "--dry-run", capsys=capsys)

    assert words.startswith("4 older answers: ")
    assert all(store.case(number).returned == () for number in range(1, 7))
    assert list(store.answers(history=True)) == before


def test_a_comment_in_the_leads_own_words(changed, capsys):
    run("requeue", str(changed), "--label", "neutral", "--comment", "polite ones too", capsys=capsys)
    _, store, _ = opened(changed)

    assert [one.text for one in store.comments(2)] == ["polite ones too"]


def test_guidelines_of_one_version_have_no_older_answers(tmp_path, capsys):
    folder = write_project(tmp_path)
    status, _, errors = run("requeue", str(folder), "--label", "negative", capsys=capsys)

    assert (status, errors) == (
        2,
        "tui-label: the guidelines have one version; answers go back once there is a newer one\n",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--label", "negativ"], "negativ: no such label; did you mean negative?"),
        (["--label", "optimistic"], "optimistic: no such label; there are positive, neutral, negative"),
        (["--label", "negative", "--task", "sentimnt"], "sentimnt: no such task with labels; did you mean sentiment?"),
        (["--label", "negative", "--before", "3"], "there are versions 1 to 2"),
        (["--label", "negative", "--before", "1"], "no guidelines are older than version 1"),
    ],
)
def test_what_is_not_known_is_named(changed, arguments, words, capsys):
    status, _, errors = run("requeue", str(changed), *arguments, capsys=capsys)

    assert (status, words in errors, errors.count("\n")) == (2, True, 1)


def test_a_label_that_was_renamed_is_named_as_it_is_called_now(changed, capsys):
    source = (changed / "project.yaml").read_text()
    (changed / "project.yaml").write_text(source.replace(" neutral,", " {value: other, was: neutral},"))
    status, _, errors = run("requeue", str(changed), "--label", "neutral", capsys=capsys)

    assert (status, errors) == (2, "tui-label: neutral is called other now\n")


def test_a_label_of_two_questions_needs_the_question(tmp_path, capsys):
    write_project(tmp_path, BOTH.replace("labels: [person, place]", "labels: [positive, place]"))
    status, _, errors = run("requeue", str(tmp_path), "--label", "positive", capsys=capsys)

    assert (status, "positive is a label of sentiment, entities; say which with --task" in errors) == (2, True)


# qualification


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """One attempt at two known items; ann has failed it."""
    folder = write_project(tmp_path / "p", SENTIMENT + "review: {attempts: 1, pass-mark: 100%}\n")
    project, store, _ = opened(folder)
    store.add([Record(Item("real", "real"))])
    store.add(
        [
            Record(Item(f"q{n}", f"t{n}"), gold=Gold("gold", {"sentiment": "positive"}, GIVEN), probe="qualification")
            for n in range(2)
        ]
    )
    fail(project, store, "first")
    return folder


def fail(project, store, mark: str) -> None:
    """Ann answers the whole set wrong, and reads every page."""
    assert isinstance(notices.standing(store, project, "ann"), Briefing)
    for turn in range(2):
        claim = store.claim("ann")
        assert claim is not None and claim.known is not None
        store.submit(claim.number, Annotation("ann", answers={"sentiment": "neutral"}), f"{mark}{turn}", claim=False)
        notice = notices.standing(store, project, "ann")
        while notice is not None and not isinstance(notice, UsedUp | Briefing):
            notice = notices.following(store, project, "ann", notice)


def test_qualify_shows_attempts(training, capsys):
    status, words, _ = run("qualify", str(training), "ann", capsys=capsys)
    lines = words.splitlines()

    assert (status, len(lines)) == (0, 2)
    assert lines[0].endswith("  0 of 2 right, 0%")
    assert lines[1] == "ann has not passed: 1 attempt, 0 left"


def test_one_more_attempt_is_one_and_no_more(training, capsys):
    project, store, _ = opened(training)
    assert isinstance(notices.standing(store, project, "ann"), UsedUp)
    assert store.claim("ann") is None
    words = run("qualify", str(training), "ann", "--again", capsys=capsys)[1]
    assert words.splitlines()[-1] == "ann has not passed: 1 attempt, 1 left, 0 of 2 items of the next one answered"
    briefing = notices.standing(store, project, "ann")
    assert (briefing.attempt, briefing.attempts) == (2, 2)
    fail(project, store, "second")

    assert notices.standing(store, project, "ann").shares == (0.0, 0.0)
    assert store.claim("ann") is None
    assert run("qualify", str(training), "ann", capsys=capsys)[1].endswith("2 attempts, 0 left\n")


def test_status_names_who_has_used_up_all_attempts(training, capsys):
    command = f"tui-label qualify {training} ann --again"
    words = f"ann has used up all attempts at the qualification set: `{command}` gives one more"
    assert words in run("status", str(training), capsys=capsys)[1].splitlines()
    assert json.loads(run("status", str(training), "--json", capsys=capsys)[1])["used_up"] == ["ann"]
    shown = dashboard(Shown("p", Following(opened(training)[0]).look()), 80, 24)
    assert any(
        "ann has used up all attempts; `tui-label qualify` gives one more" in "".join(part for part, _ in row)
        for row in shown
    )

    assert run(*shlex.split(command)[1:], capsys=capsys)[0] == 0
    assert "used up" not in run("status", str(training), capsys=capsys)[1]
    assert json.loads(run("status", str(training), "--json", capsys=capsys)[1])["used_up"] == []


def test_a_lead_lets_somebody_pass(training, capsys):
    words = run("qualify", str(training), "ann", "--pass", capsys=capsys)[1]
    project, store, _ = opened(training)

    assert words.splitlines()[-1] == "ann has passed"
    assert notices.standing(store, project, "ann") is None
    assert store.claim("ann").item.key == "real"
    assert store.attempts("ann")[0] == Attempt("ann", 0.0, 2, False, store.attempts("ann")[0].at)
    assert run("qualify", str(training), "ann", "--again", capsys=capsys)[0] == 1


def test_a_leads_word_is_no_attempt(training):
    with Project.open(training) as project:
        before = project.qualify("ann")
        after = project.qualify("ann", passed=True)

    assert (before.made, before.left) == (after.made, after.left) == (1, 0)
    assert after.passed


def test_nobody_of_that_name(training, capsys):
    status, _, errors = run("qualify", str(training), "anne", "--again", capsys=capsys)

    assert (status, "anne: nobody has this name here" in errors) == (1, True)


def test_a_project_without_qualification_says_how_to_ask_for_one(tmp_path, capsys):
    status, _, errors = run("qualify", str(write_project(tmp_path)), "ann", capsys=capsys)

    assert (status, "attempts: 3" in errors) == (2, True)
