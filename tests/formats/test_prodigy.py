"""Prodigy's JSON Lines: what has a place of its own there, what stands in fields of our own, and what comes back."""

from __future__ import annotations

import json
from dataclasses import replace

from labelled import clip, item, read, write

from tui_label.core.annotation import Annotation, Flag
from tui_label.core.item import Item, Suggestion
from tui_label.formats.offered import offer
from tui_label.sound.media import fingerprint

PETS_AND_SKIES = (
    "name: p\ntasks:\n"
    "  - {id: pets, type: spans, labels: [dog], required: false}\n"
    "  - {id: skies, type: spans, labels: [sun], required: false}\n"
    "  - {id: spans, type: rating, required: false}\n"
)
HEARD = (
    "name: h\nitems: sound\ntasks:\n"
    "  - {id: pets, type: segments, labels: [dog]}\n"
    "  - {id: skies, type: segments, labels: [rain]}\n"
    "  - {id: good, type: choice, labels: ['yes', 'no']}\n"
)


def test_an_item_comes_back_under_its_id_with_answers_to_further_tasks(tmp_path):
    dog = {"start": 0, "end": 3, "label": "dog", "text": "Rex"}
    sun = {"start": 4, "end": 7, "label": "sun", "text": "sol"}
    said = Annotation("ann", answers={"pets": [dog], "skies": [sun], "spans": 3}, flags=(Flag("flagged"),))
    one = Item("7", "Rex sol", meta={"item": "theirs", "page": 2})
    dropped = write("prodigy", [(one, said)], PETS_AND_SKIES, tmp_path)
    line = json.loads((tmp_path / "out").read_text())
    (record,), bad, _ = read("prodigy", tmp_path / "out", PETS_AND_SKIES)

    assert dropped == {"answers to spans": 1}
    assert line["spans"] == [{"start": 0, "end": 3, "label": "dog"}]
    assert (bad, record.item) == ([], one)
    assert record.annotation == replace(said, answers={"pets": [dog], "skies": [sun]})


def test_spans_of_one_line_go_each_to_the_task_that_knows_its_label(tmp_path):
    spans = [{"start": 0, "end": 3, "label": "dog", "score": 0.5}, {"start": 4, "end": 7, "label": "sun"}]
    (tmp_path / "out").write_text(json.dumps({"text": "Rex sol", "spans": spans}))
    (record,), bad, _ = read("prodigy", tmp_path / "out", PETS_AND_SKIES)

    assert bad == []
    assert [(one.task, one.value["text"], one.score) for one in record.suggestions] == [
        ("pets", "Rex", 0.5),
        ("skies", "sol", None),
    ]


def test_stretches_of_a_sound_go_each_to_the_task_that_knows_its_label(tmp_path):
    clip(tmp_path / "a.wav")
    spans = [{"start": 3.0, "end": 4.0, "label": "rain"}, {"start": 1.0, "end": 2.0, "label": "dog"}]
    line = {"audio": "a.wav", "audio_spans": spans, "answer": "accept", "_annotator_id": "ann"}
    (tmp_path / "out").write_text(json.dumps(line))
    (record,), bad, _ = read("prodigy", tmp_path / "out", HEARD)

    assert bad == []
    assert record.annotation.answers == {"pets": [spans[1]], "skies": [spans[0]]}


def test_what_was_chosen_and_flagged_about_a_sound_comes_back(tmp_path):
    one = item()
    one = replace(one, sound=replace(one.sound, hash=fingerprint(clip(tmp_path / "a.wav"))))
    said = Annotation("ann", answers={"good": "yes"}, flags=(Flag("flagged"),), submitted_at="2026-01-01T00:00:01.000Z")
    dropped = write("prodigy", [(one, said)], HEARD, tmp_path)
    (record,), bad, _ = read("prodigy", tmp_path / "out", HEARD)

    assert (dropped, bad, record.item, record.annotation) == ({}, [], one, said)


def test_suggestions_for_further_tasks_have_no_place(tmp_path):
    made = (
        Suggestion("pets", {"start": 0, "end": 3, "label": "dog", "text": "Rex"}),
        Suggestion("skies", {"start": 4, "end": 7, "label": "sun", "text": "sol"}),
    )
    dropped = write("prodigy", [(Item("7", "Rex sol"), offer(made))], PETS_AND_SKIES, tmp_path)

    assert dropped == {"suggestions for skies": 1}
    assert "skies" not in json.loads((tmp_path / "out").read_text())
