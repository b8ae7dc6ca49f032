"""Label Studio's JSON and JSON-MIN, beside its own converter."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st
from labelled import clip, spoilt
from labelled_texts import ALL, MOOD, NAMES, TEXTS, given_file, read, refused_in_words, said, spans, write

from tui_label import formats
from tui_label.core.annotation import DRAFT, SKIPPED, UNDONE, Annotation, Flag, Timing
from tui_label.core.item import Item, Sound
from tui_label.formats import Reading

EMAIL = "ann@example.org"
TASK = {
    "id": 17,
    "data": {"text": "😊 Ann Lee", "url": "u"},
    "annotations": [
        {
            "id": 1, "completed_by": {"id": 3, "email": EMAIL}, "was_cancelled": False, "lead_time": 1.5,
            "created_at": "2024-01-30T02:40:43.893565Z",
            "result": [
                {"id": "a", "from_name": "label", "to_name": "text", "type": "labels", "value": {"start": 3, "end": 6, "text": "Ann", "labels": ["person"]}},
                {"from_name": "s", "type": "choices", "value": {"choices": ["good"]}},
                {"from_name": "r", "type": "rating", "value": {"rating": 4}},
                {"from_name": "t", "type": "textarea", "value": {"text": ["because"]}},
                {"type": "relation", "from_id": "a", "to_id": "a"},
            ],
        },
        {"id": 2, "completed_by": 4, "was_cancelled": True, "result": []},
    ],
    "predictions": [
        {"model_version": "v1", "score": 0.9, "result": [
            {"from_name": "label", "type": "labels", "score": 0.25, "value": {"start": 7, "end": 10, "text": "Lee", "labels": ["person"]}},
            {"from_name": "label", "type": "labels", "value": {"start": 7, "end": 10, "text": "Lee", "labels": ["dragon"]}},
        ]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("labelstudio")


@st.composite
def answers(draw, text):
    return {
        "mood": draw(st.sampled_from(["good", "so so", "bad"])),
        "topics": draw(st.sampled_from([[], ["sport"], ["sport", "日本"]])),
        "stars": draw(st.integers(1, 5)),
        "names": draw(spans(text)),
    } | draw(st.fixed_dictionaries({}, optional={"why": TEXTS}))


@given(st.data(), TEXTS)
@pytest.mark.parametrize("name", ["labelstudio", "labelstudio-min"])
def test_what_was_said_comes_back(folder, name, data, text):
    item = Item("k 1", text, meta={"source": "x", "n": {"deep": [1]}})
    rows = [
        (item, Annotation(who, answers=data.draw(answers(text)), submitted_at="2026-01-01T00:00:01.000Z", timing=Timing(5000)))
        for who in ("ann", "7", EMAIL)
    ]  # fmt: skip
    path = folder / "x.json"
    dropped = write(name, rows, ALL, path)
    good, bad, _ = read(path, ALL)

    assert (bad, dropped) == ([], {})
    assert [(one.item, one.annotation) for one in good] == rows


def test_skips_drafts_known_answers_and_origins_go_where_label_studio_has_them(tmp_path):
    item, found = said("😊 Ann", {"names": [{"start": 2, "end": 5, "label": "person", "text": "Ann"}]})
    rows = [
        (item, Annotation("ann", answers=found.answers, origin={"names": ["accepted"]}, flags=(Flag("ambiguous"),))),
        (item, Annotation("bob", SKIPPED)),
        (item, Annotation("cy", DRAFT, answers=found.answers)),
        (item, Annotation("di", UNDONE)),
    ]
    dropped = write("labelstudio", rows, NAMES, tmp_path / "x.json")
    (task,) = json.loads((tmp_path / "x.json").read_text())
    good, _, _ = read(tmp_path / "x.json", NAMES)

    assert dropped == {"flags": 1, "answers that were taken back": 1}
    assert [one["was_cancelled"] for one in task["annotations"]] == [False, True]
    assert task["annotations"][0]["result"][0] | {"id": ""} == {
        "id": "", "from_name": "names", "to_name": "text", "type": "labels", "origin": "prediction",
        "value": {"start": 3, "end": 6, "text": "Ann", "labels": ["person"]},
    }  # fmt: skip
    assert [(one.annotation.annotator, one.annotation.status) for one in good] == [
        ("ann", "submitted"), ("bob", "skipped"), ("cy", "draft"),
    ]  # fmt: skip
    assert good[0].annotation.origin == {"names": ["accepted"]}


def test_an_export_from_elsewhere(tmp_path):
    good, bad, reading = read(given_file(tmp_path, "x.json", json.dumps([TASK], indent=1)), ALL)
    first, second = good

    assert bad == []
    assert (first.item.key, first.item.text) == ("17", "😊 Ann Lee")
    assert first.annotation.annotator == EMAIL
    assert first.annotation.answers == {
        "names": [{"start": 2, "end": 5, "label": "person", "text": "Ann"}],
        "mood": "good", "stars": 4, "why": "because", "topics": [],
    }  # fmt: skip
    assert first.annotation.timing == Timing(1500)
    assert first.annotation.submitted_at == "2024-01-30T02:40:43.893Z"
    assert [(one.value["text"], one.score, one.source) for one in first.suggestions] == [("Lee", 0.25, "v1")]
    assert (second.annotation.annotator, second.annotation.status) == ("4", "skipped")
    assert reading.left_out == {"relations": 1}
    assert list(reading.unknown.values()) == [1]
    assert reading.repaired == 3


def test_offsets_in_code_points_are_found_by_what_they_cover(tmp_path):
    task = {"data": {"text": "😊 Ann"}, "annotations": [{"completed_by": 1, "result": [
        {"from_name": "x", "type": "labels", "value": {"start": 2, "end": 5, "text": "Ann", "labels": ["person"]}}]}]}  # fmt: skip
    (record,), _, _ = read(given_file(tmp_path, "x.json", json.dumps([task])), NAMES)
    lost = json.dumps([task]).replace('"Ann"', '"Bob"')
    _, (bad,), _ = read(given_file(tmp_path, "y.json", "\n" + lost), NAMES)

    assert record.annotation.answers["names"][0]["text"] == "Ann"
    assert bad == f"{tmp_path}/y.json:2: spans: span 2-5 says 'Bob', which is not there"


def test_only_ground_truth_is_known_where_there_is_some(tmp_path):
    annotations = [
        {"completed_by": who, "ground_truth": who == 2, "result": [{"type": "choices", "value": {"choices": [mood]}}]}
        for who, mood in ((1, "good"), (2, "so so"))
    ]
    path = given_file(tmp_path, "x.json", json.dumps([{"data": {"text": "x"}, "annotations": annotations}]))
    (record,), bad, _ = read(path, MOOD, gold="check")

    assert (bad, record.gold.answers) == ([], {"mood": "so so"})


def test_segments_of_sounds_come_back(tmp_path):
    source = "name: s\nitems: sound\ntasks: [{id: s, type: segments, overlap: true, labels: [dog], transcript: {}}]\n"
    clip(tmp_path / "a.wav")
    segments = [
        {"start": 0.5, "end": 1.25, "label": "dog", "text": "wuff", "speaker": "Bo"},
        {"start": 1.0, "end": 2.0, "label": "dog"},
    ]
    rows = [(Item("a", sound=Sound("a.wav", 100.0)), Annotation("ann", answers={"s": segments}))]
    write("labelstudio", rows, source, tmp_path / "x.json")
    (record,), bad, _ = read(tmp_path / "x.json", source)

    assert (bad, record.item.key, record.annotation.answers) == ([], "a", {"s": segments})


PETS_AND_WORDS = (
    "name: s\nitems: sound\ntasks:\n"
    "  - {id: pets, type: segments, labels: [dog]}\n"
    "  - {id: words, type: segments, labels: [yes, no], transcript: {}}\n"
)


@pytest.mark.parametrize(
    ("results", "answers"),
    [
        ([("r", "pets", "labels", "dog"), ("r", "words", "labels", "yes")], {"pets": {"label": "dog"}, "words": {"label": "yes"}}),
        ([("r", "words", "labels", "yes"), ("r", "words_text", "text", "sure")], {"words": {"label": "yes", "text": "sure"}}),
        ([("r", "text", "text", "sure"), ("r", "label", "labels", "no")], {"words": {"label": "no", "text": "sure"}}),
        ([("r", "text", "text", "sure"), ("r", "words", "labels", "no")], {"words": {"label": "no", "text": "sure"}}),
        ([("r", "pets", "labels", "no")], {"words": {"label": "no"}}),
    ],
)  # fmt: skip
def test_a_region_of_a_sound_is_for_the_task_it_names_else_for_one_that_knows_its_label(tmp_path, results, answers):
    clip(tmp_path / "a.wav", 100)
    found = [
        {"id": id, "from_name": name, "value": {"start": 1.0, "end": 2.0, field: [said]}}
        for id, name, field, said in results
    ]
    task = {"data": {"audio": "a.wav"}, "annotations": [{"annotator": "ann", "result": found}]}
    (record,), bad, _ = read(given_file(tmp_path, "x.json", json.dumps([task])), PETS_AND_WORDS, "labelstudio")

    assert bad == []
    assert {id: value for id, value in record.annotation.answers.items() if value} == {
        id: [{"start": 1.0, "end": 2.0, **said}] for id, said in answers.items()
    }


def test_what_a_task_calls_predictions_stays_beside_those_of_unknown_labels(tmp_path):
    """JSON-MIN has its data beside the answers, under any name."""
    task = {"text": "Ada", "predictions": "none yet", "names": "gnome"}
    (record,), bad, _ = read(given_file(tmp_path, "x.json", json.dumps([task])), ALL, "labelstudio")

    assert bad == []
    before, unknown = record.item.meta["predictions"]
    assert (before, unknown["value"]) == ("none yet", {"choices": ["gnome"]})


@given(spoilt(json.dumps([TASK, TASK]).encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words(folder / "bad.json", ALL, data, "labelstudio")


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3) | st.floats(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "data", "text", "annotations", "predictions", "result", "value", "labels", "start", "end", "choices", "type", "from_name", "completed_by", "meta", "item", "lead_time", "names", "mood", "why", "annotation_id"]), inner, max_size=5)))  # fmt: skip
def test_any_json_is_read_or_refused_in_words(folder, value):
    refused_in_words(folder / "bad.json", ALL, json.dumps([value]).encode(), "labelstudio")


def test_a_task_that_breaks_off_is_named_with_its_line(tmp_path):
    path = given_file(tmp_path, "x.json", '[\n{"data": {"text": "a"}, "annotations": []},\n{"data": ')
    (record,), (bad,), _ = read(path, MOOD)

    assert record.item.text == "a"
    assert bad.startswith(f"{path}:3: not JSON")


def test_label_studios_own_converter_sees_the_same(tmp_path):
    converter = pytest.importorskip("label_studio_sdk.converter")
    text = "😊 Ann Lee flew to Oslo\nand back"
    found = {
        "mood": "so so", "topics": ["sport", "日本"], "stars": 3, "why": "because\nof",
        "names": [{"start": 2, "end": 9, "label": "person", "text": "Ann Lee"}],
    }  # fmt: skip
    rows = [said(text, found), said("x", {"mood": "good", "names": []}, "7", "k2")]
    write("labelstudio", rows, ALL, tmp_path / "x.json")
    write("labelstudio-min", rows, ALL, tmp_path / "ours.json")
    config = """<View><Text name="text" value="$text"/>
      <Labels name="names" toName="text"><Label value="person"/><Label value="big place"/><Label value="日本"/></Labels>
      <Choices name="mood" toName="text"><Choice value="good"/><Choice value="so so"/><Choice value="bad"/></Choices>
      <Choices name="topics" toName="text"><Choice value="sport"/><Choice value="日本"/></Choices>
      <Rating name="stars" toName="text"/><TextArea name="why" toName="text"/></View>"""
    made = converter.Converter(config, str(tmp_path), download_resources=False)
    made.convert_to_json_min(str(tmp_path / "x.json"), str(tmp_path / "min"), is_dir=False)
    theirs, ours = (json.loads(path.read_text()) for path in (tmp_path / "min/result.json", tmp_path / "ours.json"))
    fields = ("text", "names", "mood", "topics", "stars", "why")

    assert [{name: one.get(name) for name in fields} for one in theirs] == [
        {name: one.get(name) for name in fields} for one in ours
    ]
    good, bad, _ = read(tmp_path / "min/result.json", ALL)
    assert bad == []
    assert good[0].annotation is None or good[0].annotation.answers["mood"] == "so so"


def test_many_tasks_in_flat_memory(tmp_path):
    path = tmp_path / "x.json"
    write("labelstudio", (said("word " * 20, {"mood": "good"}, key=f"k{n}") for n in range(10_000)), MOOD, path)
    tracemalloc.start()
    count = sum(1 for _ in formats.read(Reading(path, project(MOOD)), formats.find("labelstudio")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 10_000
    assert peak < path.stat().st_size / 4
