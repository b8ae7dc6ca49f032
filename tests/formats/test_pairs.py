"""Two tasks of a kind on their way through each format: an answer comes back under its own task, or is told as lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from labelled import clip, item, read, write

from tui_label import config, formats
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.errors import UsageError
from tui_label.formats import writing
from tui_label.sound.kinds import is_sound
from tui_label.sound.media import fingerprint

TEXT = "Ann went to Rome"
PETS, SKIES = "labels: [dog, cat]", "labels: [sun, rain]"
SPANS = [
    [{"start": 0, "end": 3, "label": "dog", "text": "Ann"}], [{"start": 12, "end": 16, "label": "sun", "text": "Rome"}],
]  # fmt: skip
SEGMENTS = [[{"start": 1.0, "end": 2.0, "label": "dog"}], [{"start": 3.0, "end": 4.0, "label": "sun"}]]
SAME_SEGMENTS = [SEGMENTS[0], [{"start": 3.0, "end": 4.0, "label": "dog"}]]
PAIRS: dict[str, tuple[str, str, str, list[Any]]] = {
    "spans": ("spans", PETS, SKIES, SPANS),
    "spans of the same labels": ("spans", PETS, PETS, [SPANS[0], [{**SPANS[1][0], "label": "dog"}]]),
    "choice": ("choice", PETS, SKIES, ["dog", "sun"]),
    "choice of the same labels": ("choice", PETS, PETS, ["dog", "cat"]),
    "choices": ("choices", PETS, SKIES, [["dog", "cat"], ["rain"]]),
    "choices of the same labels": ("choices", PETS, PETS, [["dog"], ["cat"]]),
    "text": ("text", "", "", ["one", "two"]),
    "rating": ("rating", "", "", [1, 4]),
    "compare": ("compare", "", "", ["A", "B"]),
    "segments": ("segments", PETS, SKIES, SEGMENTS),
    "segments of the same labels": ("segments", PETS, PETS, SAME_SEGMENTS),
    "transcripts": (
        "segments, transcript: {}", "", "", [[{"start": 1.0, "end": 2.0, "text": "hey"}], [{"start": 3.0, "end": 4.0, "text": "you"}]],
    ),
}  # fmt: skip
OF_TEXTS, OF_SOUNDS = ("spans", "compare"), ("segments", "transcripts")
NAMES = [one.name for one in formats.FORMATS if one.read and (one.write or one.write_folder)]
OF_PARTS = "nemo"
"""Of its files each segment comes back as an item of its own, as `formats` says."""


def cases() -> list[Any]:
    kinds = [(kind, sound) for kind in PAIRS for sound in (False, True)]
    kinds = [(kind, sound) for kind, sound in kinds if not kind.startswith(OF_TEXTS if sound else OF_SOUNDS)]
    return [pytest.param(kind, sound, id=f"{kind} of a {'sound' if sound else 'text'}") for kind, sound in kinds]


def a_pair(kind: str, sound: bool, folder: Path) -> tuple[str, Item, dict[str, Any]]:
    """A project of two tasks of a kind, an item of it, and answers to both."""
    type, left, right, answers = PAIRS[kind]
    tasks = [
        f"{{id: {id}, type: {type}{', ' + more if more else ''}}}" for id, more in (("left", left), ("right", right))
    ]
    source = f"name: p\nitems: {'sound' if sound else 'text'}\ntasks: [{', '.join(tasks)}]\n"
    if not sound:
        what = Item("k", "", ("one", "two")) if kind == "compare" else Item("k", TEXT)
    else:
        what = item()
        assert what.sound is not None
        what = replace(what, sound=replace(what.sound, hash=fingerprint(clip(folder / "a.wav"))))
    return source, what, dict(zip(("left", "right"), answers, strict=True))


def files(name: str, folder: Path) -> list[Path]:
    """What was written there."""
    if formats.find(name).write is not None:
        # doccano's CSV is known by its name
        return [(folder / "out").rename(folder / "out.csv") if name == "doccano-csv" else folder / "out"]
    found = folder.rglob({"brat": "*.ann", "kaldi": "wav.scp"}.get(name, "*"))
    return [one for one in found if one.is_file() and not is_sound(one)]


@pytest.mark.parametrize(("kind", "sound"), cases())
@pytest.mark.parametrize("name", NAMES)
def test_an_answer_comes_back_under_its_own_task_or_is_told_as_lost(tmp_path, name, kind, sound):
    if "spacy" in name or name == "datasets":
        pytest.importorskip("spacy" if "spacy" in name else "pyarrow")
    source, what, answers = a_pair(kind, sound, tmp_path)
    try:
        dropped = write(name, [(what, Annotation("ann", answers=answers))], source, tmp_path)
    except UsageError:
        return
    told = {id for id in answers if f"answers to {id}" in dropped}
    others = [words for words in dropped if not words.startswith("answers to ")]
    if told == answers.keys() or any(words.startswith("items that are") for words in others):
        return
    back: dict[str, Any] = {}
    for path in files(name, tmp_path):
        records, bad, _ = read(name, path, source, "ann")
        assert not bad or others
        back |= {id: value for one in records if one.annotation for id, value in one.annotation.answers.items()}

    assert not back.keys() & told
    if not others and not (name == OF_PARTS and kind != "text"):
        assert back == {id: value for id, value in answers.items() if id not in told}


@pytest.mark.parametrize(
    "name",
    ["jsonl", "csv", "tsv", "spreadsheet", "labelstudio", "labelstudio-min", "prodigy", "doccano", "fasttext", "brat"],
)
def test_an_answer_to_a_question_that_is_gone_is_told_as_lost(tmp_path, name):
    project = config.parse("name: p\ntasks: [{id: left, type: choice, labels: [dog]}]\n", tmp_path)
    said = Annotation("ann", answers={"left": "dog", "right": "sun", "empty": None})
    format, dropped = formats.find(name), {}
    with (tmp_path / "out").open("w+", encoding="utf-8", newline="") as out:
        output = out if format.write else tmp_path / "folder"
        writing.write(format, [(Item("k", TEXT), said)], output, project, dropped)
        out.seek(0)
        is_there = '"right": "sun"' in out.read()

    assert dropped.get("answers to right", 0) == (0 if is_there else 1)
    assert is_there == (name == "jsonl")
    assert "answers to empty" not in dropped


CLASHING = {
    "text": ("text", "item", "annotator", "flags", "active_ms", "submitted_at", "answer_text"),
    "sound": ("audio", "offset", "duration", "item", "annotator", "flags", "text", "path"),
}


@pytest.mark.parametrize("items", CLASHING)
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_question_called_as_another_column_has_one_of_its_own(tmp_path, name, items):
    ids = CLASHING[items]
    tasks = "".join(f"  - {{id: {id}, type: text}}\n" for id in ids)
    source = f"name: p\nitems: {items}\ntasks:\n{tasks}"
    what = Item("k", TEXT) if items == "text" else replace(item(), key="k")
    if what.sound is not None:
        what = replace(what, sound=replace(what.sound, hash=fingerprint(clip(tmp_path / "a.wav"))))
    answers = {id: f"of {id}" for id in ids}
    assert not write(name, [(what, Annotation("ann", answers=answers))], source, tmp_path)
    header = (tmp_path / "out").read_text().splitlines()[0].split("," if name == "csv" else "\t")
    (one,), bad, _ = read(name, tmp_path / "out", source)

    assert len(set(header)) == len(header)
    assert not bad and (one.item.key, one.item.text) == ("k", what.text)
    assert (one.annotation.annotator, one.annotation.answers, one.annotation.flags) == ("ann", answers, ())
