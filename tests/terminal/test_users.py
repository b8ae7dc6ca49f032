"""A team in one folder: real users, a real group, the installed command."""

from __future__ import annotations

import grp
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from users import ROOT, User, team

from tui_label import config
from tui_label.core.annotation import Annotation
from tui_label.projects import sharing
from tui_label.store.sql import SqlStore

GROUP = f"tui-label-{os.getpid()}"
SOURCE = """\
name: tweets
order: as-added
overlap: 2
tasks:
  - id: sentiment
    type: choice
    labels: [{value: positive, key: p}, neutral, {value: negative, key: n}]
"""


class Team:
    def __init__(self, users: dict[str, User]) -> None:
        self.lea, self.ann, self.bob, self.eve = users.values()
        self.everybody = list(users.values())
        self.folder = self.lea.folder / "p"
        self.dir = str(self.folder)

    @property
    def database(self) -> Path:
        return self.folder / "project.db"

    def modes(self) -> dict[str, str]:
        return {path.name: oct(path.stat().st_mode & 0o7777) for path in [self.folder, *self.folder.iterdir()]}

    def begin(self) -> None:
        """As a lead would, all by lea."""
        self.folder.mkdir()
        os.chown(self.folder, *(int(self.lea("id", flag)[1]) for flag in ("-u", "-g")))
        assert self.lea.label("new", self.dir, "--group", GROUP)[0] == 0
        roles = f"roles: {{leads: [{self.lea.name}], annotators: [{self.ann.name}, {self.bob.name}]}}\n"
        texts = "\n".join(f"Text number {n}." for n in range(6))
        write = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
        assert self.lea(self.lea.python, "-c", write, f"{self.dir}/project.yaml", SOURCE + roles)[0] == 0
        assert self.lea(self.lea.python, "-c", write, f"{self.dir}/items.txt", texts)[0] == 0
        assert self.lea.label("add", self.dir, f"{self.dir}/items.txt")[0] == 0
        assert self.lea("rm", f"{self.dir}/items.txt", f"{self.dir}/items.jsonl")[0] == 0

    def label(self, user: User, *keys: str) -> None:
        """A session at the keyboard, up to Ctrl+Q."""
        terminal = user.terminal(self.dir)
        try:
            terminal.wait_for("Text number").press(*keys)
            terminal.wait_for("saved ✓").press("ctrl+q")
            assert terminal.wait() == 0, terminal.text
        finally:
            terminal.close()

    def answered(self, user: User, count: int) -> None:
        """As if they had been at the keyboard."""
        with closing(SqlStore(self.database)) as store:
            for _ in range(count):
                said = Annotation(user.name, answers={"sentiment": "positive"})
                store.submit(store.claim(user.name).number, said, uuid4().hex, claim=False)

    def sql(self, user: User, statement: str) -> tuple[int, str]:
        """What somebody does to the database with another program."""
        program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit(); c.close()"
        return user(user.python, "-c", program, str(self.database), statement)


@pytest.fixture(scope="module")
def users() -> Iterator[dict[str, User]]:
    with team(GROUP, lea=True, ann=True, bob=True, eve=False) as made:
        yield made


@pytest.fixture(scope="module")
def begun(users: dict[str, User]) -> Path:
    """A project that lea has begun, to be copied."""
    team = Team(users)
    team.begin()
    return team.folder.rename(team.folder.with_name("begun"))


@pytest.fixture
def there(users: dict[str, User], begun: Path) -> Iterator[Team]:
    team = Team(users)
    subprocess.run(["cp", "-a", begun, team.folder], check=True)
    yield team
    subprocess.run(["rm", "-r", team.dir], check=True)


def test_a_group_works_in_a_folder_that_outsiders_cannot_see(there):
    assert there.modes() == {
        "p": "0o2750", "project.yaml": "0o640", "guidelines.md": "0o640",
        "project.db": "0o660", "project.db-wal": "0o660", "project.db-shm": "0o660",
    }  # fmt: skip
    there.label(there.ann, "p", "n")
    there.label(there.bob, "n")
    there.label(there.ann, "p")
    status, words = there.lea.label("export", there.dir, "--format", "csv")
    answers = sorted(line.split(",")[2:4] for line in words.splitlines() if "Text number" in line)

    assert status == 0
    assert answers == [
        [there.ann.name, "negative"],
        [there.ann.name, "positive"],
        [there.ann.name, "positive"],
        [there.bob.name, "negative"],
    ]
    assert there.lea.label("check", there.dir)[0] == there.ann.label("check", there.dir)[0] == 0
    for words in (["ls", there.dir], ["cat", str(there.database)], ["cat", f"{there.dir}/project.yaml"]):
        status, said = there.eve(*words)
        assert (status != 0, "Permission denied" in said) == (True, True)
    assert there.eve.label(there.dir)[0] == there.eve.label("export", there.dir)[0] == 1
    words = there.eve.label("status", there.dir)[1]
    group = grp.getgrgid(there.database.stat().st_gid).gr_name
    assert words == (
        f"tui-label: {there.dir}/project.yaml: you may not read it; {there.lea.name}, whose it is, can let you in by "
        f"`sudo usermod -aG {group} {there.eve.name}`; then log in anew\n"
    )


def test_whoever_may_read_but_is_not_of_the_group_learns_how_to_come_in(there):
    there.folder.chmod(0o2755)
    (there.folder / "project.yaml").chmod(0o644)
    status, words = there.eve.label("check", there.dir)
    wrong = [line for line in words.splitlines() if line.startswith("NO")]
    let_in = f"`sudo usermod -aG {GROUP} {there.eve.name}`"

    assert status == 1
    assert [line.split(":")[0].removeprefix(f"NO  {there.dir}/") for line in wrong] == [
        "project.db",
        "project.db-wal",
        "project.db-shm",
    ]
    assert all(
        line.endswith(f"{there.lea.name}, whose it is, can let you in by {let_in}; then log in anew") for line in wrong
    )
    there.database.chmod(0o640)
    assert f"its owner, {there.lea.name}, can `chmod g+rw {there.database}`" in there.bob.label("check", there.dir)[1]


def test_two_at_once_and_one_killed(there):
    """The files that SQLite keeps beside the database stay everybody's, whoever comes, goes or dies."""
    first, second = there.ann.terminal(there.dir), there.bob.terminal(there.dir)
    try:
        first.wait_for("Text number 0.").press("p").wait_for("Text number 1.")
        assert there.lea.label("status", there.dir)[0] == 0
        second.wait_for("Text number 0.").press("n").wait_for("Text number 1.")
        first.kill()
        second.press("n").wait_for("Text number 2.").press("ctrl+q")
        assert second.wait() == 0
    finally:
        first.close()
        second.close()
    there.label(there.ann, "p")

    assert sorted(there.lea.label("export", there.dir)[1].count(f'"{one.name}"') for one in (there.ann, there.bob)) == [
        2,
        2,
    ]
    assert there.modes()["project.db-wal"] == there.modes()["project.db-shm"] == "0o660"


@pytest.mark.parametrize(
    ("closed", "seen"), [("docs", "Text number 2."), (".", "not saved: Permission denied; ask its owner")]
)
def test_a_folder_that_is_closed_under_the_hands_ends_nobodys_session(there, closed, seen):
    """Of the guidelines: nobody needs them just now; of the project: it is said, and over when it is open again."""
    name = f"{there.dir}/docs"
    assert there.lea("sh", "-c", f"mkdir {name} && mv {there.dir}/guidelines.md {name}")[0] == 0
    assert (
        there.lea("sed", "-i", "s|^name: .*|&\\nguidelines: docs/guidelines.md|", f"{there.dir}/project.yaml")[0] == 0
    )
    assert there.lea("chmod", "-R", "g=rX", name, f"{there.dir}/project.yaml")[0] == 0
    assert there.lea.label("check", there.dir)[0] == 0
    terminal = there.ann.terminal(there.dir)
    try:
        terminal.wait_for("Text number 0.").press("p").wait_for("Text number 1.")
        assert there.lea("chmod", "g=", f"{there.dir}/{closed}")[0] == 0
        terminal.press("n").wait_for(seen)
        assert there.lea("chmod", "g=rxs", f"{there.dir}/{closed}")[0] == 0
        terminal.wait_for("saved ✓")
        if "not saved" in seen:
            terminal.press("enter").wait_for("Text number 2.")
        terminal.press("ctrl+q")
        assert terminal.wait() == 0, terminal.text
    finally:
        terminal.close()

    assert there.lea.label("export", there.dir)[1].count(f'"{there.ann.name}"') == 2


def test_nobody_of_the_group_can_remove_or_replace_what_the_team_has(there):
    there.answered(there.ann, 1)
    before = {path.name: path.stat().st_ino for path in there.folder.iterdir()}
    for name in before:
        for words in (["rm", "-f", f"{there.dir}/{name}"], ["mv", f"{there.dir}/{name}", f"{there.dir}/x"]):
            assert there.bob(*words)[0] != 0
    for words in (
        ["cp", "/etc/hostname", f"{there.dir}/project.yaml"],
        ["touch", f"{there.dir}/new"],
        ["mv", there.dir, f"{there.dir}2"],
    ):
        assert there.bob(*words)[0] != 0

    assert {path.name: path.stat().st_ino for path in there.folder.iterdir()} == before
    assert there.lea.label("export", there.dir)[1].count('"submitted"') == 1


@pytest.mark.parametrize("link", [["ln", "-s"], ["ln"]])
def test_nobody_gets_at_what_the_team_has_by_a_project_yaml_of_their_own(there, link):
    """Where they lead: `sqlite3` remains, and `check` notices it."""
    there.answered(there.ann, 1)
    mine = there.folder.with_name(f"mine{len(link)}")
    mine.mkdir()
    os.chown(mine, int(there.bob("id", "-u")[1]), -1)
    if there.bob(*link, str(there.database), str(mine / "project.db"))[0]:
        pytest.skip("no hard links to others' files here")
    source = SOURCE.replace("value: positive", "value: fine, was: positive") + f"roles: {{leads: [{there.bob.name}]}}\n"
    (mine / "project.yaml").write_text(source)
    (mine / "project.yaml").chmod(0o644)
    try:
        for words in (["status"], ["export"], ["review", "--auto-settle", "majority"], ["add", "/etc/hostname"]):
            status, said = there.bob.label(words[0], str(mine), *words[1:])

            assert (status, said.count("\n")) == (1, 1), said
            assert "link to " in said
        assert there.bob.label("repair", str(mine))[0] == 1
        assert there.lea.label("export", there.dir)[1].count('"positive"') == 1
    finally:
        subprocess.run(["rm", "-r", str(mine)], check=True)


def test_a_file_that_the_group_may_not_read_is_asked_for_from_its_owner(there):
    yaml = there.folder / "project.yaml"
    yaml.chmod(0o600)
    status, said = there.ann.label("status", there.dir)

    assert (status, said) == (
        1,
        f"tui-label: {yaml}: you may not read it; {there.lea.name}, whose it is, can `chmod g+r {yaml}`\n",
    )


def test_of_a_database_that_the_group_may_not_write_its_files_alone_are_named(there):
    assert there.lea("sh", "-c", f"chmod g-w {there.dir}/project.db*")[0] == 0
    status, out = there.ann.label("check", there.dir)
    assert status == 1
    assert re.findall(r"^NO  (\S+): you may not write; its owner, \S+, can `chmod g\+rw", out, re.MULTILINE) == [
        f"{there.dir}/project.db", f"{there.dir}/project.db-wal", f"{there.dir}/project.db-shm"
    ]  # fmt: skip
    assert out.count("NO  ") == 3


def test_move_and_repair_are_refused_by_their_names(there):
    for words, refused in ((["repair"], "repair the database"), (["move", "--to", "sqlite"], "move the project")):
        status, said = there.ann.label(words[0], there.dir, *words[1:])

        assert (status, said.startswith(f"tui-label: {there.ann.name} may not {refused}: that needs a lead")) == (
            1,
            True,
        )


def test_answers_that_somebody_deletes_or_changes_by_another_program_are_missed(there):
    there.answered(there.ann, 2)
    there.answered(there.bob, 1)
    assert "ok  project.seal: 3 revisions of answers noted" in there.lea.label("check", there.dir)[1]
    there.answered(there.bob, 1)
    assert there.bob("rm", "-f", f"{there.dir}/project.seal")[0] != 0
    ann = f"(SELECT id FROM annotator WHERE name = '{there.ann.name}')"
    for statement, left in (
        (f"UPDATE annotation SET answers = '{{}}' WHERE annotator = {ann} AND turn = 1", "not all are as they were"),
        (f"DELETE FROM annotation WHERE annotator = {ann} AND turn = 2", "1 is left"),
    ):
        assert there.sql(there.bob, statement) == (0, "")
        status, words = there.lea.label("check", there.dir)
        assert status == 1
        assert re.search(
            rf"NO  {there.ann.name}: of 2 revisions of answers that were here on .* {left}; restore", words
        )
        assert f"NO  {there.bob.name}" not in words, "their answers are all there"


def test_a_database_that_somebody_empties_is_not_quietly_made_anew(there):
    there.answered(there.ann, 1)
    assert there.lea.label("check", there.dir)[0] == 0
    assert there.bob("sh", "-c", f"for f in {there.database}*; do : > $f; done")[0] == 0
    for user, words in (
        (there.ann, ["export", there.dir, "--annotator", there.ann.name]),
        (there.lea, ["status", there.dir]),
    ):
        status, said = user.label(*words)

        assert (status, said.count("\n")) == (1, 1)
        assert "project.db: is empty, and had 1 revision of answers on" in said
    there.database.unlink()
    assert "project.db: is gone, and had 1 revision" in there.lea.label("status", there.dir)[1]


@pytest.mark.parametrize("name", ["lea", "bob"])
def test_the_environment_makes_nobody_somebody_else(there, name):
    other = {"lea": there.lea, "bob": there.bob}[name].name
    forged = {"USER": other, "LOGNAME": other, "SUDO_USER": other}
    status, words = there.ann.label("export", there.dir, "--annotator", there.bob.name, **forged)

    assert (status, words.count("\n")) == (1, 1)
    assert words.startswith(f"tui-label: {there.ann.name} may not take others' answers out: that needs a lead")
    assert there.ann.label("export", there.dir, "--annotator", there.ann.name, **forged)[0] == 0
    assert there.ann.label("add", there.dir, "/etc/hostname")[1].startswith(
        f"tui-label: {there.ann.name} may not bring items in"
    )


BREAKS = {
    "open to everybody": "chmod o+rx {dir}",
    "closed to the group": "chmod g-rx {dir}",
    "without setgid": "chmod g-s {dir}",
    "writable": "chmod g+w {dir}",
    "writable and sticky": "chmod g+w,+t {dir}",
    "database for reading": "chmod g-w {dir}/project.db",
    "log for its owner": "chmod g-rw {dir}/project.db-wal",
    "project.yaml for its owner": "chmod g-r {dir}/project.yaml",
    "project.yaml for everybody's hands": "chmod g+w {dir}/project.yaml",
    "many files for everybody's hands": "cd {dir} && touch a b c d && chown {lea}: a b c d && chmod 666 a b c d",
    "of another group": "chgrp {lea} {dir}/guidelines.md",
    "of somebody else": "chown {ann} {dir}/guidelines.md",
    "clips that cannot be read": "cd {dir} && mkdir clips && touch clips/a.wav && chown -R {lea} clips && chmod 700 clips",
    "not in the group": "gpasswd -d {bob} {group}",
    "a way that is closed": "chmod o-x {dir}/..",
    "a way that is open": "chmod o+w {dir}/..",
    "a way that is somebody's": "chown {ann} {dir}/..",
    "all at once": "cd {dir} && chmod -R 777 . && chgrp -R {lea} project.db* && chown {ann} project.yaml && chmod 400 guidelines.md",
}


@pytest.mark.parametrize("broken", BREAKS)
def test_check_names_what_is_wrong_and_the_command_that_mends_it(there, broken):
    project = config.load(there.folder)
    assert [good for good, _ in sharing.check(project)] == [True]
    names = {"dir": there.dir, "lea": there.lea.name, "ann": there.ann.name, "bob": there.bob.name, "group": GROUP}
    subprocess.run(["sh", "-c", BREAKS[broken].format(**names)], check=True, capture_output=True)
    try:
        found = sharing.check(project)
        assert not any(good for good, _ in found)
        for _, words in found:
            if "can replace the whole project: move the project" in words:
                os.chown(there.folder.parent, 0, 0)
                continue
            command = re.search("`(.*?)`", words)[1]
            # Those above the project's folder belong to root here
            root = command.startswith("sudo ") or command.endswith(str(there.folder.parent))
            mend = ["sh", "-c", command.removeprefix("sudo ")]
            assert (subprocess.run(mend).returncode if root else there.lea(*mend)[0]) == 0, command

        assert [words for good, words in sharing.check(project) if not good] == []
    finally:
        subprocess.run(["usermod", "-aG", GROUP, there.bob.name], check=True)
        there.folder.parent.chmod(0o755)
        os.chown(there.folder.parent, 0, 0)


def test_a_group_that_is_everybodys_first_one_will_do(there):
    subprocess.run(["usermod", "-g", GROUP, there.lea.name], check=True)
    try:
        assert sharing.check(config.load(there.folder)) == [
            (True, f"shared with the group {GROUP}, by {there.lea.name}")
        ]
        assert "shared with the group" in there.lea.label("check", there.dir)[1]
    finally:
        subprocess.run(["usermod", "-g", there.lea.name, "-aG", GROUP, there.lea.name], check=True)


def test_a_project_that_is_there_already_is_shared_as_the_readme_says(there):
    """By the commands that stand there."""
    folder = there.folder.with_name("q")
    folder.mkdir()
    os.chown(folder, there.folder.stat().st_uid, -1)
    readme = (ROOT / "README.md").read_text()
    words = re.sub(r"\s+", " ", re.search(r"`(chgrp -R labelers DIR.*?)`", readme, re.S)[1])
    try:
        assert there.lea.label("new", str(folder), "--samples")[0] == 0
        assert there.lea("sh", "-c", words.replace("labelers", GROUP).replace("DIR", str(folder)))[0] == 0
        status, said = there.lea.label("check", str(folder))

        assert (status, f"ok  shared with the group {GROUP}" in said) == (0, True)
        terminal = there.ann.terminal(str(folder))
        terminal.wait_for("sentiment").press("p").wait_for("saved ✓").press("ctrl+q")
        assert terminal.wait() == 0
        terminal.close()
        assert there.ann.label("status", str(folder))[0] == 0, "nobody has a role here: everybody may do everything"
        assert there.eve.label("status", str(folder))[0] == 1
    finally:
        subprocess.run(["rm", "-r", str(folder)], check=True)


def test_what_was_mended_works_again(there):
    """By the commands of `check` itself, as often as it names some."""
    subprocess.run(
        f"chmod -R 700 {there.dir} && chmod 2770 {there.dir} && chmod 600 {there.dir}/p*", shell=True, check=True
    )
    assert there.ann.label("export", there.dir, "--annotator", there.ann.name)[0] == 1
    status, words = there.lea.label("check", there.dir)
    assert status == 1
    for command in re.findall(r"^NO .*`(.*?)`$", words, re.M):
        assert there.lea("sh", "-c", command)[0] == 0
    status, words = there.lea.label("check", there.dir)

    assert (status, f"shared with the group {GROUP}, by {there.lea.name}" in words) == (0, True)
    there.label(there.ann, "p")


def test_somebody_who_is_no_user_of_this_machine_is_named(there):
    source = (there.folder / "project.yaml").read_text().replace(there.bob.name, "nobody-of-that-name")
    (there.folder / "project.yaml").write_text(source)

    assert (
        "NO  project.yaml: roles: nobody-of-that-name is no user of this machine"
        in there.lea.label("check", there.dir)[1]
    )


def test_a_folder_of_ones_own_is_shared_with_nobody(there):
    subprocess.run(f"chgrp -R {there.lea.name} {there.dir} && chmod g-s {there.dir}", shell=True, check=True)

    assert (
        f"ok  shared with nobody: {there.lea.name} alone can work here, unless `chgrp"
        in there.lea.label("check", there.dir)[1]
    )
    status, words = there.ann.label("export", there.dir, "--annotator", there.ann.name)
    assert (status, words.count("\n")) == (1, 1)


def test_logs_that_are_gone_are_asked_for_from_who_can_make_them(there):
    """Whoever owns the folder may have used another program, which took them away."""
    for way, left in (("ro", True), ("rw", False)):
        with closing(sqlite3.connect(f"file:{there.database}?mode={way}", uri=True)) as other:
            other.execute("SELECT count(*) FROM item").fetchone()
        assert Path(f"{there.database}-wal").exists() is left
    status, words = there.ann.label("export", there.dir, "--annotator", there.ann.name)

    assert (status, words.count("\n")) == (1, 1)
    assert "is missing, and only the owner of the folder can make it: ask them to run `tui-label check" in words
    assert there.lea.label("check", there.dir)[0] == 0
    assert there.ann.label("export", there.dir, "--annotator", there.ann.name)[0] == 0


def test_a_project_is_shared_with_a_group_that_there_is(users, tmp_path):
    lea = users["lea"]
    status, words = lea.label("new", str(lea.folder / "q"), "--group", "zzzzzzzz")
    assert (status, words.count("\n")) == (2, 1)
    assert "zzzzzzzz: no such group on this machine; make it with" in words

    (lea.folder / "q").mkdir()
    os.chown(lea.folder / "q", int(lea("id", "-u")[1]), -1)
    status, words = lea.label("new", str(lea.folder / "q"), "--group", "root")
    assert (status, words.count("\n")) == (1, 1)
    assert "a folder is shared by its owner, who must be in the group root" in words
    subprocess.run(["rm", "-r", str(lea.folder / "q")], check=True)
