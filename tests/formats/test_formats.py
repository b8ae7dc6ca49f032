"""Formats: what comes in, what is refused with its place, what goes out and back."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest
from helpers import ENTITIES, SENTIMENT, project
from hypothesis import given
from hypothesis import strategies as st
from labelled_texts import SLOTS

from tui_label import formats
from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.item import Item
from tui_label.errors import LabelError, UsageError
from tui_label.formats import BadLine, Reading, jsonl, recognition


def read(path: Path, source: str = SENTIMENT, name: str = "", encoding: str | None = None, annotator: str = ""):
    reading = Reading(path, project(source), encoding, annotator)
    format = formats.find(name) if name else recognition.recognise(path, encoding)
    found = list(formats.read(reading, format))
    good = [one for one in found if not isinstance(one, BadLine)]
    return good, [one for one in found if isinstance(one, BadLine)], reading


def given_file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def written(rows, source: str, name: str) -> tuple[str, dict[str, int]]:
    out, dropped = io.StringIO(), {}
    write = formats.find(name).write
    assert write is not None
    write(rows, out, project(source), dropped)
    return out.getvalue(), dropped


TEXTS = st.text(
    st.one_of(st.sampled_from(list("ab \r\n\t\x00\x1b👩‍👧日\u202e\u2028\ud800e\u0301")), st.characters()), min_size=1
)


@given(TEXTS, st.data())
def test_own_json_lines_come_back_the_same(tmp_path_factory, text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    span = {"start": start, "end": end, "label": "place", "text": text[start:end]}
    annotation = Annotation(
        "ann",
        answers={"entities": [span]},
        flags=(Flag("ambiguous", "why"),),
        origin={"entities": ["manual"]},
        timing=Timing(5, 6, 7, {"entities": 5}),
        started_at="2026-01-01T00:00:00.000Z",
        submitted_at="2026-01-01T00:00:01.000Z",
        labels_version=2,
        guidelines_version=3,
    )
    item = Item("key-1", text, (), {"source": "x"})
    out, _ = written([(item, annotation)], ENTITIES, "jsonl")
    path = given_file(tmp_path_factory.mktemp("f"), "x.jsonl", out)
    (record,), bad, _ = read(path, ENTITIES)

    assert bad == []
    assert (record.item, record.annotation) == (item, annotation)


@given(st.binary(max_size=300), st.sampled_from(["jsonl", "csv", "tsv", "text", "conll"]))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, data, name):
    path = given_file(tmp_path_factory.mktemp("f"), "x", data)
    try:
        _, bad, _ = read(path, ENTITIES, name)
    except LabelError as error:
        assert "\n" not in str(error)
    else:
        assert all("\n" not in str(one) and "\x1b" not in str(one) for one in bad)


def test_prodigy_and_doccano_spellings(tmp_path):
    lines = [
        {"text": "Ann flew", "spans": [{"start": 0, "end": 3, "label": "person", "score": 0.7}]},
        {"text": "Bob flew", "entities": [{"start_offset": 0, "end_offset": 3, "label": "person"}]},
        {"id": 7, "text": "Eve flew", "label": [[0, 3, "person"]]},
        {
            "text": "Al flew",
            "spans": [{"start": 0, "end": 2, "label": "person"}],
            "answer": "accept",
            "_annotator_id": "x",
        },
    ]
    path = given_file(tmp_path, "x.jsonl", "\n".join(map(json.dumps, lines)))
    good, bad, _ = read(path, ENTITIES)

    assert bad == []
    assert [[one.value["text"] for one in record.suggestions] for record in good[:3]] == [["Ann"], ["Bob"], ["Eve"]]
    assert good[0].suggestions[0].score == 0.7
    assert good[2].item.key == "7"
    assert good[3].annotation.annotator == "x"


def test_spans_are_suggested_one_by_one_or_as_a_list(tmp_path):
    """As what a program of `suggest` says is read, too."""
    ann, bob = ({"start": start, "end": start + 3, "label": "person"} for start in (0, 8))
    one_by_one = [{"task": "entities", "value": ann, "score": 0.5}, {"task": "entities", "value": bob, "score": 0.7}]
    listed = [{"task": "entities", "value": [ann, {**bob, "score": 0.7}], "score": 0.5}]
    lines = [{"text": "Ann and Bob.", "suggestions": said} for said in (one_by_one, listed)]
    path = given_file(tmp_path, "in.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    (first, second), bad, _ = read(path, ENTITIES)
    assert (second.suggestions, bad) == (first.suggestions, [])
    assert [(one.value["text"], one.score) for one in first.suggestions] == [("Ann", 0.5), ("Bob", 0.7)]


def test_choice_labels_are_suggestions_or_answers(tmp_path):
    path = given_file(tmp_path, "x.csv", "text,label\ngood,positive\nbad,negative\n")

    assert [one.suggestions[0].value for one in read(path)[0]] == ["positive", "negative"]
    assert [one.annotation.answers["sentiment"] for one in read(path, annotator="gold")[0]] == ["positive", "negative"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.csv", "id;text;label\n1;good;positive\n", "semicolons; save it with commas"),
        ("x.csv", 'ID;"Text"\n1;"good"\n', "semicolons"),
        ("x.csv", '\n"Text";"Label"\n"good";"positive"\n', "semicolons"),
        ("x.csv", '"my, text"\t"text"\n"good"\t"positive"\n', "tabs; name it .tsv"),
        ("x.csv", "sep=;\ntext;label\ngood;positive\n", "semicolons"),
        ("x.csv", "text\tlabel\ngood\tpositive\n", "tabs; name it .tsv"),
        ("x.tsv", "text,label\ngood,positive\n", "commas; name it .csv"),
    ],
)
def test_a_table_with_another_separator_is_not_taken_for_one_column(tmp_path, name, content, words):
    """Annotators would be shown the row, and its label."""
    with pytest.raises(LabelError, match=words):
        read(given_file(tmp_path, name, content))


@pytest.mark.parametrize("header", ["text", "what they said; in their words", "my text; raw", "a|b"])
def test_a_single_column_is_the_text_by_whatever_name(tmp_path, header):
    (record,), _, _ = read(given_file(tmp_path, "x.csv", f"{header}\ngood; or not\n"))

    assert record.item.text == "good; or not"


def test_labels_the_project_does_not_know_are_kept_as_meta_and_named(tmp_path):
    (record,), bad, reading = read(given_file(tmp_path, "x.jsonl", '{"text": "x", "label": "positiv"}'))

    assert (record.suggestions, record.item.meta, bad) == ((), {"label": "positiv"}, [])
    assert "did you mean positive?" in next(iter(reading.unknown))


def test_a_label_like_none_of_the_projects_names_what_there_is(tmp_path):
    _, _, reading = read(given_file(tmp_path, "x.jsonl", '{"text": "x", "label": "optimistic"}'))

    assert next(iter(reading.unknown)).endswith("known are positive, neutral, negative")


NUMBERED = "name: n\ntasks:\n  - {id: kind, type: choice, labels: ['0', '1', 'true']}\n  - {id: names, type: spans, labels: [person]}\n"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"label": 1}, "1"),
        ({"label": [0]}, "0"),
        ({"label": True}, "true"),
        ({"accept": [1]}, "1"),
        ({"cats": {"0": 0.2, "1": 0.8}}, "1"),
        (
            {"label": [{"start": 0, "end": 3, "label": "person"}]},
            {"start": 0, "end": 3, "label": "person", "text": "Ann"},
        ),
    ],
)
def test_labels_are_taken_as_other_tools_spell_them(tmp_path, said, value):
    """Datasets of Hugging Face's number them, spaCy weighs them."""
    path = given_file(tmp_path, "x.jsonl", json.dumps({"text": "Ann flew", **said}))
    (suggested,), _, _ = read(path, NUMBERED)
    (answered,), _, _ = read(path, NUMBERED, annotator="ann")

    assert [one.value for one in suggested.suggestions] == [value]
    assert value in (answered.annotation.answers.get("kind"), *answered.annotation.answers.get("names", ()))


@pytest.mark.parametrize("said", [{"label": {"a": 1}}, {"label": [None]}, {"accept": {}}, {"cats": {"0": "high"}}])
def test_what_is_no_label_is_refused_not_lost(tmp_path, said):
    (bad,) = read(given_file(tmp_path, "x.jsonl", json.dumps({"text": "Ann flew", **said})), NUMBERED)[1]

    assert bad.field == next(iter(said))


def test_an_empty_list_of_spans_suggests_nothing(tmp_path):
    """As somebody's answer it would say that there are none."""
    (one,), bad, reading = read(given_file(tmp_path, "x.jsonl", '{"text": "a", "spans": []}'))

    assert (one.suggestions, one.item.meta, bad, reading.unknown) == ((), {}, [], {})


def test_what_a_line_says_that_nothing_takes_is_counted(tmp_path):
    lines = [
        {"text": "a", "answers": {"sentiment": "positive"}},
        {"text": "b", "annotator": "x", "answers": {"sentiment": "positive"}, "suggestions": [{"task": "sentiment"}]},
        {"text": "c", "label": "positive", "answer": "reject"},
        {"text": "d", "answer": "ignore"},
        {"text": "e", "relations": [{"head": 0, "child": 1}, {"head": 1, "child": 2}]},
    ]
    path = given_file(tmp_path, "x.jsonl", "\n".join(map(json.dumps, lines)))
    good, bad, reading = read(path)

    assert (len(good), bad) == (5, [])
    assert reading.left_out == {
        "answers without an annotator (--annotator gives one, --gold takes known ones)": 1,
        "suggestions beside answers": 1,
        "rejected answers": 1,
        "ignored answers": 1,
        "relations": 2,
    }


@pytest.mark.parametrize("record", [{"text": "a"}, {"text": "a", "id": 7, "meta": {"n": None}, "x": None}])
@pytest.mark.parametrize(
    "more", [{}, {"annotator": "ann", "answers": {"sentiment": "positive"}}, {"label": "positive"}]
)
def test_null_is_a_field_that_does_not_apply(tmp_path, record, more):
    nulls = dict.fromkeys(jsonl.KNOWN)
    (meant,), _, _ = read(given_file(tmp_path, "x.jsonl", json.dumps(record | more)))
    (found,), bad, reading = read(given_file(tmp_path, "y.jsonl", json.dumps(nulls | record | more)))

    assert (found, bad, reading.left_out) == (meant, [], {})


@pytest.mark.parametrize(("name", "meant"), [(3, "3"), (3.0, "3"), ("ann", "ann")])
def test_an_annotator_may_be_a_number(tmp_path, name, meant):
    path = given_file(tmp_path, "x.jsonl", json.dumps({"text": "a", "label": "positive", "annotator": name}))

    assert read(path)[0][0].annotation.annotator == meant


def test_utf16_offsets_are_repaired_where_the_covered_text_says_so(tmp_path):
    record = {"text": "😊 Bob", "spans": [{"start": 3, "end": 6, "label": "person", "text": "Bob"}]}
    good, bad, reading = read(given_file(tmp_path, "x.jsonl", json.dumps(record)), ENTITIES)

    assert (bad, reading.repaired) == ([], 1)
    assert good[0].suggestions[0].value["start"] == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "object in braces"),
        ('{"text": null}', "text: is missing"),
        ('{"text": ""}', "text: is empty"),
        ('{"content": "a", "cat": 1}', "text: is missing (it has content, cat)"),
        ("{}", "text: is missing"),
        ('{"id": true, "text": "x"}', "id: an id must be text or a number"),
        ('{"text": "x", "annotator": "a", "answers": {"sentimnt": "positive"}}', "did you mean sentiment?"),
        ('{"text": "x", "annotator": "a", "answers": {"sentiment": "bad"}}', "is no label of sentiment"),
        (
            '{"text": "x", "annotator": "a", "answers": {}, "flags": ["ambiguous"]}',
            ": flags: must be a list of objects",
        ),
        (
            '{"text": "x", "annotator": "a", "answers": {}, "flags": [{"note": "?"}]}',
            ": flags: a flag's reason must be",
        ),
        ('{"text": "x", "annotator": "a", "answers": {}, "flags": true}', ": flags: must be a list of objects"),
        ('{"text": "x", "annotator": "a", "answers": {}, "ms": 5}', ": ms: must be milliseconds by name"),
        (
            '{"text": "x", "annotator": "a", "answers": {}, "ms": {"active": null}}',
            ": ms: must be milliseconds by name",
        ),
        ('{"text": "x", "annotator": "a", "answers": {}, "ms": {"tasks": [1]}}', ": ms: must be milliseconds by name"),
    ],
)
def test_a_bad_line_says_where_and_what(tmp_path, line, words):
    path = given_file(tmp_path, "x.jsonl", '{"text": "fine"}\n' + line + "\n")
    good, (bad,), _ = read(path)

    assert len(good) == 1
    assert str(bad).startswith(f"{path}:2: ")
    assert words in str(bad)


def test_ids_are_as_written(tmp_path):
    path = given_file(
        tmp_path,
        "x.jsonl",
        '{"id": 1, "text": "a"}\n{"id": 1.0, "text": "b"}\n{"id": 12345678901234567890, "text": "c"}',
    )

    assert [one.item.key for one in read(path)[0]] == ["1", "1.0", "12345678901234567890"]


def test_spreadsheets_get_no_formula():
    out, _ = written([(Item("=1+1", "@x"), Annotation("a"))], SENTIMENT, "spreadsheet")

    assert "'=1+1,'@x" in out


@pytest.mark.parametrize("name", ["csv", "tsv"])
@pytest.mark.parametrize("reasons", [["a", "b"], ["wrong language"], ["a", "in two words"], ["[sic]"], ['"', "a"]])
def test_flags_of_a_table_come_back_with_their_reasons(tmp_path, name, reasons):
    said = Annotation("ann", answers={"sentiment": "positive"}, flags=tuple(map(Flag, reasons)))
    out, _ = written([(Item("k", "x"), said)], SENTIMENT, name)
    (record,), bad, _ = read(given_file(tmp_path, f"x.{name}", out))

    assert (bad, [flag.reason for flag in record.annotation.flags]) == ([], reasons)


@pytest.mark.parametrize("cell", ["[5]", "[", '[""]'])
def test_what_is_no_list_of_reasons_is_refused(tmp_path, cell):
    cell = cell.replace('"', '""')
    row = f'item,text,annotator,sentiment,flags,active_ms,submitted_at\nk,x,ann,positive,"{cell}",,\n'
    (bad,) = read(given_file(tmp_path, "x.csv", row))[1]

    assert bad.field == "flags"


def test_a_text_that_is_empty_is_told_as_lost_where_its_cell_says_nothing():
    """Nothing was said is an answer about a sound; no answer is another one."""
    source = "name: w\ntasks: [{id: words, type: text}]\n"

    assert written([(Item("k", "x"), Annotation("a", answers={"words": ""}))], source, "csv")[1] == {"empty texts": 1}
    assert written([(Item("k", "x"), Annotation("a"))], source, "csv")[1] == {}


LANGUAGES = """\
name: l
tasks:
  - {id: language, type: choice, labels: [C#, F#, C]}
  - {id: known, type: choices, labels: [C#, F#, C]}
"""


@pytest.mark.parametrize(
    ("column", "cell", "answers"),
    [
        ("label", "C#", {"language": "C#"}),
        ("label", "C", {"language": "C"}),
        ("known", "F#", {"known": ["F#"]}),
        ("known", "C#", {"known": ["C#"]}),
    ],
)
def test_a_label_with_the_sign_that_parts_labels_is_one(tmp_path, column, cell, answers):
    (record,), bad, _ = read(given_file(tmp_path, "x.csv", f"text,{column}\nx,{cell}\n"), LANGUAGES, annotator="ann")

    assert (bad, record.annotation.answers) == ([], answers)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.csv", "text,label\nx,good\n", "label: 'good' is called 'positive' now"),
        ("x.csv", "text,sentiment\nx,good\n", "answers.sentiment: 'good' is called 'positive' now"),
        ("x.conll", "Ann\tB-name\n", "label: 'name' is called 'person' now"),
        ("x.jsonl", '{"text": "x", "answers": {"many": ["one"]}}', "answers.many: 'one' is called 'first' now"),
    ],
)
def test_of_a_label_that_was_renamed_its_name_of_today_is_said(tmp_path, name, content, words):
    project = """\
name: p
tasks:
  - {id: sentiment, type: choice, labels: [{value: positive, was: good}, goodness]}
  - {id: names, type: spans, labels: [{value: person, was: name}, named]}
  - {id: many, type: choices, labels: [{value: first, was: one}, once]}
"""
    _, (bad,), _ = read(given_file(tmp_path, name, content), project, annotator="ann")

    assert str(bad).partition(": ")[2] == words


def test_an_array_of_records_is_read_one_after_the_other(tmp_path):
    """What is wrong is named with the line its record begins in, and what came before is there."""
    content = '\ufeff[\n  {"id": 7, "text": "a"},\n  {"text":\n    "b", "label": "positiv"},\n  5,\n  {"id": 1.5, "text": "c"},\n'
    path = given_file(tmp_path, "x.json", content + '  {"text": "d"}\n')
    good, bad, _ = read(path, annotator="ann")

    assert [(one.item.key, one.item.text) for one in good if one.item.text != "d"] == [("7", "a"), ("1.5", "c")]
    assert [str(one).removeprefix(str(path)) for one in bad] == [
        ":3: label: 'positiv' is no label of this project; did you mean positive?", ":5: must be an object in braces",
        ":8: not JSON: a comma or the closing bracket is missing",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ['{"text": "a"}\n{"text": "b"}\n', "", '"a"'])
def test_what_is_no_array_is_one_line(tmp_path, content):
    good, (bad,), _ = read(given_file(tmp_path, "x.json", content))

    assert good == []
    assert str(bad) == f"{tmp_path}/x.json:1: must be a list of objects; for one object a line, name the file .jsonl"


def test_an_array_is_not_held_in_memory(tmp_path):
    records = (json.dumps({"id": number, "text": "x" * 400}) for number in range(5000))
    path = given_file(tmp_path, "x.json", "[" + ",\n".join(records) + "]")
    tracemalloc.start()
    found = sum(1 for _ in formats.read(Reading(path, project(SENTIMENT)), formats.find("jsonl")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found == 5000
    assert peak < path.stat().st_size / 4


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("out.csv", "csv"),
        ("out.CSV.gz", "csv"),
        ("out", "jsonl"),
        ("answers.v2", "jsonl"),
        ("out.txt", "jsonl"),
        ("answers.gz", "jsonl"),
        ("-", "jsonl"),
    ],
)
def test_a_file_is_written_as_its_name_says(name, chosen):
    assert recognition.for_writing(Path(name), "jsonl").name == chosen


@pytest.mark.parametrize("name", ["out.xlsx", "out.jsonl.zip", "out.docx", "out.bz2"])
def test_no_file_is_written_whose_name_says_that_it_is_of_another_kind(name):
    with pytest.raises(UsageError, match=f"{name}: its name does not say in which format; name one with --format"):
        recognition.for_writing(Path(name), "jsonl")


@pytest.mark.parametrize(
    ("record", "answers"),
    [
        ({"options": [{"id": "fly", "text": "fly"}], "accept": []}, {"intent": []}),
        ({"tokens": []}, {"names": []}),
        ({"spans": []}, {"names": []}),
    ],
)
def test_nothing_chosen_in_prodigy_is_no_word_about_spans(tmp_path, record, answers):
    path = given_file(tmp_path, "x.jsonl", json.dumps({"text": "a", "answer": "accept", **record}))
    ((record,), bad, _) = read(path, SLOTS, annotator="ann")

    assert (bad, record.annotation.answers) == ([], answers)
