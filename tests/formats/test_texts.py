"""What formats of texts share: offsets in other units, arrays read bit by bit, names of files, recognition."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest
from helpers import project
from hypothesis import given
from hypothesis import strategies as st
from labelled_texts import NAMES, TEXTS, given_file, read, said, spans, write

from tui_label import formats
from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Sound
from tui_label.errors import InputError
from tui_label.formats import Reading, recognition
from tui_label.formats.array import NoArray, elements, written
from tui_label.formats.making import Bad
from tui_label.formats.named import file_name, key_of
from tui_label.formats.texts import BYTES, CODE_POINTS, UTF16, Units, located

SOUNDS = "name: s\nitems: sound\ntasks: [{id: t, type: text}]\n"


@given(TEXTS.filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text)), st.data())
def test_places_are_those_of_the_encodings(text, data):
    at = data.draw(st.integers(0, len(text)))
    units = Units(text)

    assert units.utf16(at) == len(text[:at].encode("utf-16-le")) // 2
    assert units.place(units.utf16(at), UTF16) == at
    assert units.place(len(text[:at].encode()), BYTES) == at


def test_an_offset_within_a_character_means_none():
    assert Units("a😊b").place(2, UTF16) is None
    assert Units("aé").place(2, BYTES) is None
    assert Units("aé").place(9, CODE_POINTS) is None


@given(
    TEXTS.filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text)),
    st.data(),
    st.permutations([CODE_POINTS, UTF16, BYTES]),
)
def test_a_span_in_any_unit_is_one_that_covers_what_it_says(tmp_path_factory, text, data, order):
    """Another place may cover the same; the format's own unit is right in every case."""
    span = data.draw(spans(text).filter(bool))[0]
    edges = [len(text[: span[edge]].encode()) for edge in ("start", "end")]
    wide = [len(text[: span[edge]].encode("utf-16-le")) // 2 for edge in ("start", "end")]
    reading = Reading(tmp_path_factory.getbasetemp(), project(NAMES))
    for unit, (start, end) in ((BYTES, edges), (UTF16, wide), (CODE_POINTS, [span["start"], span["end"]])):
        found = located(reading, Units(text), start, end, span["text"], tuple(order))
        assert text[slice(*found)] == span["text"]
        assert unit != order[0] or found == (span["start"], span["end"])
    with pytest.raises(Bad, match="which is not there"):
        located(reading, Units(text), *edges, text + "?", tuple(order))


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner), max_leaves=9)), st.integers(1, 9), st.sampled_from([None, 0, 2]))  # fmt: skip
def test_an_array_is_read_as_a_whole_file_would_be(tmp_path_factory, values, piece, indent):
    path = tmp_path_factory.getbasetemp() / "array.json"
    path.write_text(json.dumps(values, indent=indent, ensure_ascii=indent == 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui_label.formats.array.PIECE", piece)
        assert [one for _, one in elements(Reading(path, project(NAMES)))] == values


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [("[1,\n2", 2, "a comma or the closing"), ("[1,\n]", 2, "Expecting value"), ("[1]\n\nx", 3, "follows"),
     ("[\n" * 200_000, 2, "too deeply"), ('[\n1,\n{"a":\n2 3},\n4,\n5\n]\n', 4, "Expecting ','"), ('[\n1,\n{"a', 3, "Unterminated")],
)  # fmt: skip
def test_where_an_array_breaks_off_is_named(tmp_path, text, line, words):
    with pytest.raises(NoArray, match=words) as found:
        list(elements(Reading(given_file(tmp_path, "x.json", text), project(NAMES))))

    assert found.value.line == line


def test_a_fault_early_in_an_array_does_not_take_the_rest_of_it_into_memory(tmp_path):
    path = given_file(tmp_path, "x.json", '[\n{"a" 1},\n' + '{"a": 1},\n' * 500_000)
    tracemalloc.start()
    with pytest.raises(NoArray, match="Expecting ':'") as found:
        list(elements(Reading(path, project(NAMES))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (found.value.line, peak < 1_000_000) == (2, True)


def test_an_array_of_nothing_is_one():
    out = io.StringIO()

    assert (written(out, []), json.loads(out.getvalue())) == (0, [])


@given(TEXTS)
def test_a_name_of_a_file_is_safe_and_can_be_read_back(name):
    dropped: dict[str, int] = {}
    made = file_name(name, dropped)

    assert "/" not in made
    assert not made.startswith(".")
    assert len(made.encode()) <= 200
    assert dropped or key_of(made) == name.encode("utf-8", "backslashreplace").decode()


FILES = {
    "labelstudio": "x.json", "labelstudio-min": "x.json", "doccano": "x.jsonl", "conllu": "x.conllu", "conll": "x.conll",
    "brat": "", "webanno": "",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_recognised_by_what_it_writes(tmp_path, name):
    span = {"start": 0, "end": 3, "label": "person", "text": "Ann"}
    write(name, [said("Ann flew", {"names": [span]})], NAMES, tmp_path / FILES[name])

    assert [recognition.recognise(one).name for one in recognition.expanded(tmp_path / FILES[name])] == [name]


@pytest.mark.parametrize("name", formats.TEXTS_ONLY)
def test_a_project_of_sounds_takes_no_texts(tmp_path, name):
    with pytest.raises(InputError, match="but the project's items are sound"):
        formats.read(Reading(given_file(tmp_path, "x", "a"), project(SOUNDS)), formats.find(name))


@pytest.mark.parametrize(
    "format",
    [one for one in formats.FORMATS if one.write and one.name in formats.TEXTS_ONLY and one.name != "spacy-json"],
)
def test_sounds_are_counted_where_texts_are_written(format):
    dropped: dict[str, int] = {}
    rows = [(Item("a", sound=Sound("a.wav", 1.0)), Annotation("ann", answers={"t": "hi"}))]

    assert format.write(rows, io.StringIO(), project(SOUNDS), dropped) == 0
    assert dropped == {"items that are no texts": 1}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("jsonl", "x.jsonl"), ("csv", "x.csv"), ("labelstudio", "x.json"), ("labelstudio-min", "x.json"),
        ("prodigy", "x.jsonl"), ("datasets", "x.parquet"),
    ],
)  # fmt: skip
def test_what_is_compared_without_a_text_comes_back(tmp_path, name, file):
    if name == "datasets":
        pytest.importorskip("pyarrow")
    source = "name: r\ntasks: [{id: best, type: compare, mode: rank}]\n"
    item = Item("k", "", ("sun", "moon"))
    dropped = write(name, [(item, Annotation("ann", answers={"best": ["B", "A"]}))], source, tmp_path / file)
    (record,), bad, _ = read(tmp_path / file, source, name)

    assert (dropped, bad, record.item) == ({}, [], item)
    assert record.annotation.answers == {"best": ["B", "A"]}
