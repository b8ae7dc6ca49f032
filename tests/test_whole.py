"""Files that go out: whole or not at all, where they were meant to, and over nothing that is needed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from helpers import SENTIMENT

from tui_label import Annotation, Item, Project, Record, cli
from tui_label.errors import LabelError
from tui_label.whole import growing, write_file, write_own


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("p")
    (folder / "rules.md").write_text("# Rules\n")
    with Project.create(folder, SENTIMENT + "guidelines: rules.md\n") as project:
        project.add([Record(Item("a", "Fine."), annotation=Annotation("ann", answers={"sentiment": "positive"}))])
    return folder


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "begins"),
    [("out.csv", b"item,"), ("out.CSV.gz", b"\x1f\x8b"), ("out.tsv", b"item\t"), ("out.txt", b"{"), ("out", b"{")],
)
def test_what_is_exported_is_of_the_format_that_the_file_is_named_after(folder, tmp_path, capsys, name, begins):
    assert cli.main(["export", str(folder), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert cli.main(["export", str(folder), "-o", str(tmp_path / name), "--format", "jsonl"]) == 0
    assert capsys.readouterr().err.endswith("1 answer, as jsonl\n")


@pytest.mark.parametrize("name", ["project.db", "project.db-wal", "project.db-shm", "project.yaml", "rules.md"])
@pytest.mark.parametrize("by", ["name", "link"])
def test_a_project_is_not_written_over(folder, tmp_path, capsys, name, by):
    answers, target = tmp_path / "answers.jsonl", folder / name
    assert cli.main(["export", str(folder), "-o", str(answers)]) == 0
    if by == "link":
        target = tmp_path / "link"
        target.symlink_to(folder / name)
    before = files(folder)
    exported = cli.main(["export", str(folder), "-o", str(target)])
    # Only the project's own file says what else its guidelines are called
    converted = name == "rules.md" or cli.main(["convert", str(answers), str(target), "--to", "jsonl"]) == 2

    assert (exported, converted, files(folder)) == (2, True, before)
    assert f"tui-label: {target}: is " in capsys.readouterr().err.splitlines()[-1]


def test_what_is_read_is_not_written_over(tmp_path, capsys):
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "x", "meta": {"from": "y"}}\n')
    (tmp_path / "link.jsonl").symlink_to(source)
    for one, other in ((source, source), (source, tmp_path / "link.jsonl"), (tmp_path, source), (tmp_path, tmp_path)):
        form = "brat" if other == tmp_path else "jsonl"
        assert cli.main(["convert", str(one), str(other), "--from", "jsonl", "--to", form]) == 2
        assert capsys.readouterr().err == f"tui-label: {other}: is read here, and would be lost; choose another name\n"


@pytest.mark.parametrize("form", ["brat", "webanno"])
def test_what_is_read_is_not_among_what_is_written(tmp_path, capsys, form):
    source, there = tmp_path / "a.jsonl", tmp_path / "there"
    source.write_text('{"text": "x", "spans": [{"start": 0, "end": 1, "label": "y"}]}\n')
    assert cli.main(["convert", str(source), str(there), "--to", form]) == 0
    before = files(there)
    (one,) = (path for path in before if path.suffix in (".ann", ".tsv"))
    capsys.readouterr()
    assert cli.main(["convert", str(one), str(there), "--to", form]) == 2
    said = f"tui-label: {one}: is read here, and might be written over in {there}; name another folder\n"
    assert (capsys.readouterr().err, files(there)) == (said, before)
    # Beside what is of another format there is room
    assert cli.main(["convert", str(source), str(tmp_path), "--to", form]) == 0


def test_a_file_keeps_its_mode_and_a_link_its_place(tmp_path):
    (tmp_path / "far").mkdir()
    kept, link, mine = tmp_path / "far" / "a.txt", tmp_path / "a.txt", tmp_path / "far" / "a.txt.partial"
    for path in (kept, mine):
        path.write_text("before")
        path.chmod(0o600)
    link.symlink_to(kept)
    write_file(link, "after")

    assert (kept.read_text(), kept.stat().st_mode & 0o777, link.is_symlink()) == ("after", 0o600, True)
    assert mine.read_text() == "before"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "a.txt", "a.txt.partial", "far"]


def test_a_link_to_nothing_yet_leads_to_what_is_made(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "made")
    write_file(tmp_path / "link", "here")

    assert ((tmp_path / "made").read_text(), (tmp_path / "link").is_symlink()) == ("here", True)


def test_a_pipe_gets_what_is_written(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "through it")

    assert (os.read(reader, 100), pipe.is_fifo()) == (b"through it", True)
    os.close(reader)


def test_so_does_standard_output_by_its_name():
    reader, writer = os.pipe()
    write_file(Path(f"/dev/fd/{writer}"), "through it")

    assert os.read(reader, 100) == b"through it"
    os.close(reader)
    os.close(writer)


def test_two_at_once_are_not_in_each_others_way(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    with growing(path) as ours:
        monkeypatch.setattr(os, "getpid", lambda: 1)
        with growing(path) as theirs:
            ours.write_text("ours")
            theirs.write_text("theirs")
        assert path.read_text() == "theirs"

    assert path.read_text() == "ours"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_takes_no_more_is_said_of_what_was_to_be_written(tmp_path, number):
    with (
        pytest.raises(LabelError, match=r"out\.csv: .*; choose another place"),
        growing(tmp_path / "out.csv") as partial,
    ):
        partial.touch()
        raise OSError(number, os.strerror(number))

    assert files(tmp_path) == {}


def test_what_a_power_cut_must_leave_whole_is_on_the_disk_before_it_takes_a_place(tmp_path, monkeypatch):
    path, synced = tmp_path / "project.yaml.part", []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.read_bytes()))
    write_own(path, "name: tweets\n")
    assert synced == [b"name: tweets\n"]
