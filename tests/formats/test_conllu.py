"""CoNLL-U and CoNLL: tags of tokens."""

from __future__ import annotations

import re

import conllu
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import spoilt
from labelled_texts import NAMES, TEXTS, given_file, read, refused_in_words, said, spans, uncut, write

from tui_label.core.annotation import Annotation
from tui_label.core.tasks import Span

UD = """\
# newdoc id = d
# sent_id = s-1
# text = Vámonos a Nueva York, Ann.
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_
3\ta\ta\tADP\t_\t_\t4\tcase\t_\t_
4\tNueva\tNueva\tPROPN\t_\t_\t1\tobl\t_\tNER=B-big_place
5\tYork\tYork\tPROPN\t_\t_\t4\tflat\t_\tNER=I-big_place|SpaceAfter=No
6\t,\t,\tPUNCT\t_\t_\t7\tpunct\t_\t_
6.1\tvoy\tir\tVERB\t_\t_\t_\t_\t_\t_
7\tAnn\tAnn\tPROPN\t_\t_\t1\tvocative\t_\tEntity=(person-1)|NE=B-person|SpaceAfter=No
8\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_

"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("conllu")


def wanted(text, found, blanks):
    """The longer ones of spans that overlap, without blanks at their ends."""
    cut = [
        next(iter(one), None)
        for one in (uncut(text, *(part[name] for name in ("start", "end", "label")), blanks) for part in found)
    ]
    kept: list[Span] = []
    for one in sorted((Span(*one) for one in cut if one), key=lambda one: one.start - one.end):
        if not any(one.overlaps(other) for other in kept):
            kept.append(one)
    return sorted((one.start, one.end, one.label) for one in kept)


@given(st.data(), TEXTS)
def test_text_and_spans_come_back(folder, data, text):
    found = data.draw(spans(text))
    rows = [said(text, {"names": found}), said("Ann", {"names": []}, "bob", "k2")]
    dropped = write("conllu", rows, NAMES, folder / "x.conllu")
    good, bad, _ = read(folder / "x.conllu", NAMES)
    exact = re.sub("[\ud800-\udfff]", "\ufffd", text)

    assert bad == []
    assert (good[-1].item.key, good[-1].annotation.annotator) == ("k2", "bob")
    if not exact.strip(" \t\r\n"):
        assert dropped["blank texts"] == 1
        return
    assert (good[0].item.text, good[0].item.key, good[0].annotation.annotator) == (exact, "k", "ann")
    spans_now = [(one["start"], one["end"], one["label"]) for one in good[0].annotation.answers["names"]]
    assert spans_now == wanted(exact, found, " \t\r\n")
    assert dropped.get("overlapping spans", 0) + dropped.get("spans of blanks only", 0) == len(found) - len(spans_now)


def test_a_treebank(tmp_path):
    (record,), bad, reading = read(given_file(tmp_path, "x.conllu", UD), NAMES, annotator="gold")

    assert (bad, record.item.key, record.item.text) == ([], "s-1", "Vámonos a Nueva York, Ann.")
    assert [(one["text"], one["label"]) for one in record.annotation.answers["names"]] == [
        ("Nueva York", "big place"), ("Ann", "person"),
    ]  # fmt: skip
    assert reading.left_out == {"values of Entity that are no tags": 1}


def test_conllu_sees_the_same(tmp_path):
    text = "😊 Ann flew to Rome."
    found = [{"start": 2, "end": 5, "label": "person"}, {"start": 14, "end": 18, "label": "日本"}]
    write("conllu", [said(text, {"names": found})], NAMES, tmp_path / "x.conllu")
    (sentence,) = conllu.parse((tmp_path / "x.conllu").read_text(encoding="utf-8"))

    assert sentence.metadata["text"] == text
    assert {word["form"]: word["misc"]["NER"] for word in sentence if "NER" in (word["misc"] or {})} == {
        "Ann": "B-person", "Rome": "B-日本",
    }  # fmt: skip


def there_and_back(folder, content, change=lambda spans: spans, annotator="gold"):
    """The file brought in as answers, and written again; what was dropped."""
    good, bad, _ = read(given_file(folder, "x.conllu", content), NAMES, annotator="gold")
    assert bad == []
    answers = [{"names": change(one.annotation.answers["names"])} for one in good]
    rows = [(one.item, Annotation(annotator, answers=said)) for one, said in zip(good, answers, strict=True)]
    dropped = write("conllu", rows, NAMES, folder / "out.conllu")
    return (folder / "out.conllu").read_bytes().decode(), dropped


ODD = UD + "\n\n# a comment alone\n\n1\tsolo\t_\tX\t_\t_\t0\troot\t0:root\tGloss=alone\n"


@pytest.mark.parametrize("content", [UD, UD * 2, ODD, UD.replace("\n", "\r\n"), UD.replace("B-big", "U-big")])
def test_a_treebank_goes_out_as_it_came(tmp_path, content):
    assert there_and_back(tmp_path, content) == (content, {})


def test_a_file_that_tags_also_what_is_outside_does_so_when_others_are_labelled(tmp_path):
    tags = ("B-person", "O", "B-big_place")
    lines = [f"{n}\tw{n}\t_\t_\t_\t_\t0\tdep\t_\tNER={tag}\n" for n, tag in enumerate(tags, 1)]
    content = "# text = w1 w2 w3\n" + "".join(lines) + "\n"
    changed, dropped = there_and_back(tmp_path, content, lambda spans: spans[1:])

    assert (changed, dropped) == (content.replace("B-person", "O"), {})


def test_other_spans_change_the_tags_in_misc_alone(tmp_path):
    whole_word = [{"start": 0, "end": 7, "label": "person", "text": "Vámonos"}]
    changed, dropped = there_and_back(tmp_path, UD, lambda spans: spans[:1] + whole_word)

    assert (changed, dropped) == (
        UD.replace("ir\tVERB\t_\t_\t0\troot\t_\t_", "ir\tVERB\t_\t_\t0\troot\t_\tNER=B-person", 1)
        .replace("obj\t_\t_", "obj\t_\tNER=I-person")
        .replace("NE=B-person|", ""),
        {},
    )


PLAIN = (
    "# sent_id = s-2\n# text = To Rome\n1\tTo\t_\t_\t_\t_\t_\t_\t_\t_\n2\tRome\t_\t_\t_\t_\t_\t_\t_\tNER=B-person\n\n"
)


def test_a_label_that_the_file_spells_so_loses_nothing(tmp_path):
    """In whichever of its sentences; another label with a blank is counted once a span."""

    def placed(spans):
        return [{**one, "label": "big place"} for one in spans]

    assert there_and_back(tmp_path, UD + PLAIN, placed)[1] == there_and_back(tmp_path, PLAIN + UD, placed)[1] == {}
    changed, dropped = there_and_back(tmp_path, PLAIN, lambda spans: placed([{**spans[0], "start": 0}]))
    assert changed == PLAIN.replace("_\n2", "NER=B-big_place\n2").replace("B-person", "I-big_place")
    assert dropped == {"blanks in labels": 1}


def test_the_scheme_and_the_name_of_the_file_are_kept_to(tmp_path):
    content = UD.replace("NER=", "NE=").replace("I-big", "L-big").replace("NE=B-person", "NE=U-person")
    changed, _ = there_and_back(tmp_path, content, lambda spans: [{**one, "label": "日本"} for one in spans])

    assert changed == content.replace("big_place", "日本").replace("U-person", "U-日本")


def test_a_span_that_ends_within_a_word_costs_the_tree_and_not_the_span(tmp_path):
    part = [{"start": 0, "end": 4, "label": "person", "text": "Vámo"}]
    changed, dropped = there_and_back(tmp_path, UD, lambda spans: part)
    (record,), _, _ = read(given_file(tmp_path, "y.conllu", changed), NAMES, annotator="gold")

    assert dropped == {"trees of sentences in which a span begins or ends within a word": 1}
    assert changed.startswith("# newdoc id = d\n# sent_id = s-1\n")
    assert (record.item.text, record.annotation.answers["names"]) == ("Vámonos a Nueva York, Ann.", part)


def test_answers_of_others_are_named(tmp_path):
    changed, _ = there_and_back(tmp_path, UD, annotator="bob")

    assert changed == UD.replace("Ann.\n", "Ann.\n# annotator = bob\n", 1)
    assert there_and_back(tmp_path, changed, annotator="bob")[0] == changed


def test_what_is_written_keeps_the_rules_of_the_format(tmp_path):
    """Ten columns, numbers from 1 on, forms that together are the text."""
    text = "Ann's  flight\n(to Rome)"
    rows = [said(text, {"names": [{"start": 0, "end": 3, "label": "person"}]})]
    write("conllu", rows, NAMES, tmp_path / "x.conllu")
    lines = (tmp_path / "x.conllu").read_text().split("\n")

    assert lines[:3] == ["# sent_id = k", "# annotator = ann", "# text = Ann's  flight (to Rome)"]
    assert [line.split("\t") for line in lines[3:-2]] == [
        [str(number), form, *"_______", misc]
        for number, (form, misc) in enumerate(
            [
                ("Ann", "NER=B-person|SpaceAfter=No"), ("'s", r"SpacesAfter=\s\s"), ("flight", r"SpacesAfter=\n"),
                ("(to", "_"), ("Rome)", "_"),
            ],
            1,
        )
    ]  # fmt: skip


def test_what_is_wrong_is_named_with_its_line(tmp_path):
    good, (bad,), _ = read(given_file(tmp_path, "x.conllu", UD.replace("3\ta\ta\tADP\t", "3\ta\ta\t")), NAMES)

    assert good == []
    assert bad.startswith(f"{tmp_path}/x.conllu:7: is no word")


@given(spoilt(UD.encode()))
def test_any_bytes_are_read_or_refused_in_words(folder, data):
    refused_in_words(folder / "bad.conllu", NAMES, data, "conllu")


def test_a_text_of_nul_is_not_taken_for_utf_16(tmp_path):
    write("conll", [said("\0\0", {"names": []})], NAMES, tmp_path / "x.conll")
    good, bad, _ = read(tmp_path / "x.conll", NAMES, "conll", "ann")

    assert bad == []
    assert [record.item.text for record in good] == ["\0\0"]


@given(st.data(), TEXTS)
def test_conll_brings_spans_back_word_by_word(folder, data, text):
    """White space is lost, so spans are compared by their words."""
    found = data.draw(spans(text))
    write("conll", [said(text, {"names": found})], NAMES, folder / "x.conll")
    good, bad, _ = read(folder / "x.conll", NAMES, "conll", "ann")
    kept = wanted(text, found, "".join(one for one in set(text) if re.fullmatch(r"\s", one)))
    words = [(half(text[start:end]), label) for start, end, label in kept]

    assert bad == []
    if text.split() and not text.split()[0].startswith("-DOCSTART-"):
        assert [("".join(one["text"].split()), one["label"]) for one in good[0].annotation.answers["names"]] == [
            ("".join(re.split(r"\s+", word)), label) for word, label in words
        ]


def half(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def test_spans_that_touch_stay_two_in_conll(tmp_path):
    text = "Ann Bob"
    found = [{"start": 0, "end": 3, "label": "person"}, {"start": 3, "end": 7, "label": "person"}]
    dropped = write("conll", [said(text, {"names": found})], NAMES, tmp_path / "x.conll")

    assert (tmp_path / "x.conll").read_text() == "Ann\tB-person\nBob\tB-person\n\n"
    assert dropped == {"blanks at the ends of spans": 1}


def test_a_word_that_looks_like_the_start_of_a_document_is_one_in_a_sentence(tmp_path):
    (item,), _, _ = read(given_file(tmp_path, "x.conll", "so\tO\n-DOCSTART-\tB-person\nit\tO\n"), NAMES, "conll", "ann")
    both, _, _ = read(given_file(tmp_path, "y.conll", "so\tO\n-DOCSTART-\t-X-\tO\nit\tO\n"), NAMES, "conll", "ann")

    assert (item.item.text, len(both)) == ("so -DOCSTART- it", 2)
