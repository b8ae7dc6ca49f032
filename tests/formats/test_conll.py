"""CoNLL: schemes, columns and comments come in and go out as they came, with other tags where spans are others."""

from __future__ import annotations

import pytest
from helpers import ENTITIES
from hypothesis import given
from hypothesis import strategies as st
from labelled_texts import given_file, read, said, write
from nervaluate.loaders import ConllLoader
from seqeval import scheme as schemes
from seqeval.metrics.sequence_labeling import get_entities

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item
from tui_label.formats.tagging import SCHEMES, in_scheme, scheme_of, spans_of_tags

CONLL = {
    "iob1": "Ann I-person\nflew O\nRome I-place\nOslo B-place\n",
    "iob2": "Ann B-person\nflew O\nRome B-place\nOslo B-place\n",
    "biluo": "Ann U-person\nflew O\nRome U-place\nOslo U-place\n",
    "columns": "-DOCSTART- -X- O O\n\nAnn NNP B-NP I-person\nflew VB O O\nRome NN O I-place\nOslo NN O B-place\n",
}


@pytest.mark.parametrize("scheme", CONLL)
def test_schemes_are_read_alike(tmp_path, scheme):
    (record,), bad, _ = read(given_file(tmp_path, "x.conll", CONLL[scheme]), ENTITIES, annotator="ann")

    assert bad == []
    assert record.item.text == "Ann flew Rome Oslo"
    assert [(one["text"], one["label"]) for one in record.annotation.answers["entities"]] == [
        ("Ann", "person"),
        ("Rome", "place"),
        ("Oslo", "place"),
    ]


def test_conll_out_cuts_tokens_at_spans_and_says_what_it_drops(tmp_path):
    item = Item("k", "(Rome) x")
    spans = [{"start": 1, "end": 5, "label": "place"}, {"start": 0, "end": 8, "label": "person"}]
    dropped = write("conll", [(item, Annotation("a", answers={"entities": spans}))], ENTITIES, tmp_path / "b.conll")
    write("conll", [(item, Annotation("a", answers={"entities": spans[:1]}))], ENTITIES, tmp_path / "a.conll")

    assert (tmp_path / "a.conll").read_text() == "(\tO\nRome\tB-place\n)\tO\nx\tO\n\n"
    assert dropped == {"overlapping spans": 1}


def there_and_back(
    folder, content: bytes, name: str = "conll", source: str = ENTITIES, change=lambda answers: answers
) -> bytes:
    """The file brought in as answers, and written again."""
    path = given_file(folder, "x.conll", content)
    good, bad, _ = read(path, source, annotator="ann")
    assert bad == []
    task = "entities"
    rows = [(one.item, Annotation("ann", answers={task: change(one.annotation.answers[task])})) for one in good]
    write(name, rows, source, folder / "out.conll")
    return (folder / "out.conll").read_bytes()


COLUMNS = b"""-DOCSTART- -X- -X- O

EU NNP B-NP I-person
rejects VBZ B-VP O

Peter NNP B-NP I-place
Blackburn NNP I-NP B-place


-DOCSTART- -X- -X- O
"""


def test_columns_documents_and_the_scheme_stay(tmp_path):
    assert there_and_back(tmp_path, COLUMNS) == COLUMNS


def test_other_spans_change_the_tags_alone(tmp_path):
    changed = there_and_back(tmp_path, COLUMNS, change=lambda found: found[:-1])

    assert changed == COLUMNS.replace(b"NNP B-NP I-person", b"NNP B-NP O").replace(b"B-place", b"O")


def test_a_token_that_is_cut_keeps_its_columns(tmp_path):
    half = [{"start": 0, "end": 1, "label": "person"}]
    changed = there_and_back(tmp_path, b"EU NNP B-NP O\nin IN O I-person\n", change=lambda found: half)

    assert changed == b"E NNP B-NP I-person\nU NNP B-NP O\nin IN O O\n"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_may_be_chosen(tmp_path, scheme):
    tags = {
        "iob1": "I-person O I-place B-place", "iob2": "B-person O B-place B-place", "biluo": "U-person O U-place U-place",
        "bioes": "S-person O S-place S-place", "bmes": "S-person O S-place S-place",
    }[scheme].split()  # fmt: skip
    found = there_and_back(tmp_path, COLUMNS, f"conll-{scheme}").decode()

    assert [line.split()[-1] for line in found.splitlines() if line and "DOCSTART" not in line] == tags
    assert [line.split()[:3] for line in found.splitlines()] == [
        line.split()[:3] for line in COLUMNS.decode().splitlines()
    ]


TAGS = st.lists(st.sampled_from(["O", "B-a", "I-a", "B-b", "I-b"]), min_size=1, max_size=7).map(
    lambda tags: [
        tag if tag[0] != "I" or before[1:] == tag[1:] else "B" + tag[1:]
        for before, tag in zip(["O", *tags], tags, strict=False)
    ]
)


@given(TAGS, st.sampled_from(sorted(SCHEMES)))
def test_all_schemes_say_the_same(tags, scheme):
    places = [(at, at + 1) for at in range(len(tags))]
    said = in_scheme(tags, scheme)

    assert spans_of_tags(said, places) == spans_of_tags(tags, places)
    assert in_scheme(tags, scheme_of([said])) == said or set("".join(said)) <= set("O-abSBE")


WORDS = st.text(st.sampled_from("aé日😊#=-1_\xa0\u2028\x85"), min_size=1, max_size=3).filter(
    lambda word: word.split() == [word] and word != "#"
)
"""A line that begins with `# ` and has ` = ` in it is a comment, also where a word was meant."""


@given(st.data(), st.sampled_from([" ", "\t", "  "]), st.sampled_from(["\n", "\r\n"]), st.sampled_from(sorted(SCHEMES)))
def test_any_columns_come_out_as_they_came(tmp_path_factory, data, blank, end, scheme):
    content = ""
    for tags in data.draw(st.lists(TAGS, min_size=1, max_size=3)):
        tags = in_scheme([tag.replace("a", "person").replace("b", "place") for tag in tags], scheme)
        content += data.draw(st.sampled_from(["", "-DOCSTART- -X- O" + end, "# x = y" + end, end]))
        for tag in tags:
            columns = data.draw(st.lists(WORDS, min_size=1, max_size=4))
            content += blank.join([*columns, tag]) + end
        content += data.draw(st.sampled_from([end, end * 3]))
    content = content if data.draw(st.booleans()) else content.rstrip("\r\n")

    assert there_and_back(tmp_path_factory.mktemp("c"), content.encode()).decode() == content


def test_sentences_of_two_files_are_kept_apart(tmp_path):
    good, _, _ = read(given_file(tmp_path, "x.conll", "a X O"), ENTITIES, annotator="ann")
    write("conll", [(one.item, one.annotation) for one in good * 2], ENTITIES, tmp_path / "out.conll")

    assert (tmp_path / "out.conll").read_text() == "a X O\n\na X O"


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "biluo", "bioes"])
def test_seqeval_finds_the_same_entities_in_each_scheme(tmp_path, scheme):
    """The evaluation that most training scripts use, strict about the scheme."""
    there_and_back(
        tmp_path, COLUMNS + b"Ann I-person\nLee I-person\nBo B-person\nin O\nRome I-place\n", f"conll-{scheme}"
    )
    blocks = [block for block in (tmp_path / "out.conll").read_text().split("\n\n") if "\n" in block.strip()]
    tags = [[line.split()[-1] for line in block.split("\n") if line and "DOCSTART" not in line] for block in blocks]
    named = {"iob1": schemes.IOB1, "iob2": schemes.IOB2, "biluo": schemes.BILOU, "bioes": schemes.IOBES}[scheme]
    found = schemes.Entities(tags, named).entities

    assert [[(one.tag, one.start, one.end) for one in sentence] for sentence in found] == [
        [("person", 0, 1)],
        [("place", 0, 1), ("place", 1, 2)],
        [("person", 0, 2), ("person", 2, 3), ("place", 4, 5)],
    ]


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bioes"])
def test_the_rule_of_conlleval_finds_the_same_entities(tmp_path, scheme):
    """seqeval's default, after the script of the shared tasks; nervaluate reads the file itself, in the schemes it knows."""
    found = [(0, 3, "person"), (9, 13, "place"), (14, 18, "place"), (19, 27, "place")]
    spans = [{"start": start, "end": end, "label": label} for start, end, label in found]
    rows = [said("Ann flew Rome Oslo New York x", {"entities": spans}), said("x", {"entities": []}, key="k2")]
    write(f"conll-{scheme}", rows, ENTITIES, tmp_path / "out")
    text = (tmp_path / "out").read_text()
    wanted = [[("person", 0, 0), ("place", 2, 2), ("place", 3, 3), ("place", 4, 5)], []]

    assert [
        get_entities([line.split("\t")[-1] for line in block.split("\n")]) for block in text.strip().split("\n\n")
    ] == wanted
    if scheme != "bioes":
        assert [[(one.label, one.start, one.end) for one in block] for block in ConllLoader().load(text)] == wanted


def test_a_text_that_would_be_read_as_the_begin_of_a_document_is_counted(tmp_path):
    dropped = write(
        "conll",
        [said("-DOCSTART- Ann", {"entities": []}), said("so -DOCSTART-", {"entities": []}, key="k")],
        ENTITIES,
        tmp_path / "x.conll",
    )

    assert dropped == {"texts that begin as documents do": 1}
    assert [one.item.text for one in read(tmp_path / "x.conll", ENTITIES)[0]] == ["Ann", "so -DOCSTART-"]


def test_texts_of_blanks_alone_are_counted(tmp_path):
    rows = [said(text, {"entities": []}, key=text) for text in (" ", "a", "\u00a0\n")]
    dropped = write("conll", rows, ENTITIES, tmp_path / "x.conll")

    assert dropped == {"blank texts": 2}
    assert [one.item.text for one in read(tmp_path / "x.conll", ENTITIES)[0]] == ["a"]
