"""Hostile files: each comes in, or is refused, as the manifest beside them says; and nothing of them reaches a terminal raw."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from helpers import project, write_project

from tui_label import cli, config, formats
from tui_label.core.item import Item
from tui_label.core.text import glyphs, grapheme_end
from tui_label.errors import ConfigError
from tui_label.formats import Reading
from tui_label.projects.opening import open_store

SOURCE = """\
name: n
tasks:
  - {id: mood, type: choice, labels: [good, bad]}
  - {id: names, type: spans, labels: [ORG, MISC, PER, LOC]}
"""
FOLDER = Path(os.environ.get("TUI_LABEL_DATA", "nowhere")) / "nasty"
MANIFEST = FOLDER / "manifest.json"
CASES: list[dict[str, Any]] = json.loads(MANIFEST.read_text()) if MANIFEST.is_file() else []
UTF8 = ("utf-8", "utf-8-sig")
LARGE = 100_000


def cases(which) -> pytest.MarkDecorator:
    found = [case for case in CASES if which(case)]
    marks = [pytest.param(case, id=Path(case["file"]).name) for case in found]
    return pytest.mark.parametrize("case", marks or [pytest.param({}, marks=pytest.mark.skip("no TUI_LABEL_DATA"))])


def add(folder: Path, path: Path, *more: str) -> tuple[int, list[Item]]:
    """The status of the command, and the items that are there after it."""
    status = cli.main(["add", str(write_project(folder, SOURCE)), str(path), *more])
    store, _ = open_store(config.load(folder))
    items = [item for item, _ in store.with_suggestions()]
    store.close()
    return status, items


def lines_of(path: Path, encoding: str) -> list[str]:
    lines = re.split("\r\n|[\r\n]", path.read_bytes().decode(encoding))
    return [line for line in lines if line.strip()]


@cases(lambda case: "items_after_import" in case and "bad_line" not in case and case["items_after_import"] < LARGE)
def test_items_are_those_of_the_manifest(case, tmp_path, capsys):
    path, encoding = FOLDER / case["file"], case["encoding"]
    named = [] if encoding in UTF8 else ["--encoding", encoding]
    status, items = add(tmp_path / "p", path, *named, "--skip-bad")
    captured = capsys.readouterr()

    assert len(items) == case["items_after_import"]
    assert status == (0 if items else 1)
    assert items or "no items in it" in captured.err
    if path.suffix == ".txt":
        assert [item.text for item in items] == lines_of(path, encoding)
    if path.suffix == ".txt" and "first_line" in case:
        first, text = case["first_line"], items[0].text
        assert len(text) == first["code_points"]
        assert len(text.encode("utf-16-le")) // 2 == first["utf16_units"]
        assert len(text.encode()) == first["utf8_bytes"]
        if case["category"] != "controls" and "\x1b" not in text:
            assert graphemes(text) == first["graphemes"]
    shown = "".join(one.picture for item in items for one in glyphs(item.text, 0, min(len(item.text), 1000)))
    for raw in case.get("must_not_reach_terminal", []):
        assert bytes.fromhex(raw) not in (captured.out + captured.err).encode().replace(b"\n", b"")
        assert bytes.fromhex(raw) not in shown.encode()


def graphemes(text: str) -> int:
    count = at = 0
    while at < len(text):
        at, count = grapheme_end(text, at), count + 1
    return count


@cases(lambda case: case.get("encoding", "utf-8") not in UTF8)
def test_another_encoding_has_to_be_named(case, tmp_path, capsys):
    path = FOLDER / case["file"]
    refused, items = add(tmp_path / "p", path)
    words = capsys.readouterr().err

    assert (refused, items) == (1, [])
    assert "give --encoding" in words and f"tui-label: {path}:" in words
    assert add(tmp_path / "q", path, "--encoding", case["encoding"])[0] == 0


@cases(lambda case: "bad_line" in case)
def test_bytes_that_are_no_text_are_refused_with_their_line(case, tmp_path, capsys):
    path = FOLDER / case["file"]
    status, items = add(tmp_path / "p", path)
    words = capsys.readouterr().err

    assert (status, items) == (1, [])
    assert f"{path}:{case['bad_line']}: not UTF-8 at byte" in words
    good = path.read_bytes().count(b"\n") - 1
    assert len(add(tmp_path / "q", path, "--skip-bad")[1]) == good


@cases(lambda case: case.get("items_after_import", 0) >= LARGE)
def test_many_items_are_all_there(case):
    found = formats.read(Reading(FOLDER / case["file"], project(SOURCE)), formats.find("text"))

    assert len({one.item.key for one in found}) == case["items_after_import"]


def test_ids_are_taken_as_written_or_refused(data_folder, tmp_path, capsys):
    path = data_folder / "nasty/files/json_big_numbers.jsonl"
    found = list(formats.read(Reading(path, project(SOURCE)), formats.find("jsonl")))
    keys = [one.item.key for one in found if not isinstance(one, formats.BadLine)]
    status, items = add(tmp_path / "p", path, "--skip-bad")
    words = capsys.readouterr().err

    assert keys == ["9223372036854775808", "1e400", "NaN", "-0", "1", "1.0", "1"]
    assert ":7: id: an id must be text or a number, not true" in words
    # The number 1 and the text "1" are one id, with two texts: nothing is merged unsaid
    assert (status, [item.key for item in items]) == (0, [key for key in keys if key != "1"])
    assert "item 1 comes twice with different content" in words


def test_a_ragged_conll_names_its_line(data_folder, tmp_path, capsys):
    path = data_folder / "nasty/files/conll_ragged.conll"
    good, items = add(tmp_path / "p", path, "--skip-bad")

    assert f"{path}:5: has 1 column" in capsys.readouterr().err
    assert (good, [item.text for item in items]) == (0, ["B C"])


def test_bad_labels_are_refused_or_warned_of(data_folder):
    labels = json.loads((data_folder / "nasty/files/labels_bad.json").read_text())["labels"]
    source = "name: n\ntasks: [{{id: x, type: choice, labels: [other, {}]}}]\n"
    taken = []
    for label in labels:
        try:
            config.parse(source.format(json.dumps(label, ensure_ascii=False)), Path("p"))
        except ConfigError:
            continue
        taken.append(label)
    refused = [label for label in labels if label not in taken]
    warned = config.warnings(
        config.parse(
            source.format(json.dumps([one for one in taken if one != "POS "], ensure_ascii=False)[1:-1]), Path("p")
        )
    )

    assert {"", " ", "line\nbreak", "tab\t", "\x1b[2J", "\u202eSOP"} <= set(refused)
    assert all(len(label) > 100 for label in refused if label.isalpha())
    assert {"emoji 😀", "1", "__proto__", "=1+1", "[bold]"} <= set(taken)
    with pytest.raises(ConfigError, match="twice"):
        config.parse(source.format('POS, "POS "'), Path("p"))
    assert len(warned) == 4


def test_what_is_packed_is_unpacked_whatever_its_name(data_folder, tmp_path):
    import gzip

    path = data_folder / "nasty/files/gzip_named_txt.txt"

    assert [one.text for one in add(tmp_path / "p", path)[1]] == gzip.decompress(path.read_bytes()).decode().split(
        "\n"
    )[:-1]
