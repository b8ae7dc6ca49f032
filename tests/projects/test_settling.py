"""One answer for each item: what rules decide, what an export says of it, how it comes back as known answers."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from helpers import BOTH, ENTITIES, SENTIMENT, write_project
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_label import Project, cli, config, formats
from tui_label.core.annotating import beginning
from tui_label.core.annotation import Annotation, Flag
from tui_label.core.comments import QUESTION, Comment
from tui_label.core.gold import ACCEPTED, SETTLED, Gold
from tui_label.core.item import Item, Sound
from tui_label.core.record import Record
from tui_label.core.reviewing import review
from tui_label.core.roles import Roles
from tui_label.errors import LabelError, UsageError
from tui_label.projects import opening, settling
from tui_label.projects.identity import at_work
from tui_label.report.agreement_report import agreement
from tui_label.store import reviewing

NAMES = ("ann", "bob+eve", "eve")


def answered(folder: Path, source: str, *rows: tuple[Item, dict[str, dict]], flags: dict | None = None):
    """A project of three annotators where each row's people have answered so; its folder."""
    write_project(folder, source.replace("tasks:", "overlap: 3\ntasks:", 1))
    project, store, versions = opened(folder)
    store.add(
        Record(item, annotation=Annotation(name, answers=answers, flags=(flags or {}).get((item.key, name), ())))
        for item, said in rows
        for name, answers in said.items()
    )
    return project, store, versions


def opened(folder: Path):
    project = config.load(folder)
    return project, *opening.open_store(project)


def votes(*labels: str) -> dict[str, dict]:
    return {name: {"sentiment": label} for name, label in zip(NAMES, labels, strict=False)}


def span(text: str, start: int, end: int, label: str = "person") -> dict:
    return {"start": start, "end": end, "label": label, "text": text[start:end]}


def exported(folder: Path, *options: str, capsys) -> list[dict]:
    assert cli.main(["export", str(folder), *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# rules


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("majority", {"a": "positive", "b": "positive"}),
        ("unanimous", {"a": "positive"}),
        ("none", {}),
    ],
)
def test_a_rule_decides_what_it_says_and_the_rest_is_left_out_and_counted(tmp_path, rule, kept):
    project, store, _ = answered(
        tmp_path,
        SENTIMENT,
        (Item("a", "x"), votes("positive", "positive", "positive")),
        (Item("b", "y"), votes("positive", "negative", "positive")),
        (Item("c", "z"), votes("positive", "negative", "neutral")),
    )
    left_out: dict[str, int] = {}
    rows = list(settling.settled_answers(project, store, rule, left_out))

    assert {item.key: answer.answers["sentiment"] for item, answer in rows} == kept
    assert sum(left_out.values()) == 3 - len(kept)
    assert all("sentiment" in words or rule == "none" for words in left_out)


def test_dawid_skene_believes_who_is_reliable(tmp_path):
    """Two who always say the same wrong thing about one kind are not taken for a majority of the careful."""
    texts = [(Item(f"i{n}", f"t{n}"), n % 2) for n in range(60)]
    rows = []
    for number, (item, odd) in enumerate(texts):
        right = "positive" if odd else "negative"
        careless = "positive" if number % 3 else "negative"
        rows.append((item, {name: {"sentiment": right} for name in ("a", "b", "c")} | {"z": {"sentiment": careless}}))
    rows.append((Item("tie", "tie"), {"a": {"sentiment": "negative"}, "z": {"sentiment": "positive"}}))
    project, store, _ = answered(tmp_path, SENTIMENT, *rows)
    by_majority, by_reliability = (
        {item.key: answer for item, answer in settling.settled_answers(project, store, rule, {})}
        for rule in ("majority", "dawid-skene")
    )

    assert "tie" not in by_majority
    assert by_reliability["tie"].answers == {"sentiment": "negative"}
    assert by_reliability["tie"].settlement["support"]["sentiment"] > 0.9


def test_no_spans_is_an_answer_too(tmp_path):
    text = "Ann flew"
    item = Item("a", text)
    said = {"ann": {"entities": [span(text, 0, 3)]}, "bob": {}, "eve": {}}
    project, store, _ = answered(tmp_path, ENTITIES, (item, said))
    ((_, answer),) = settling.settled_answers(project, store, "majority", {})

    assert answer.answers == {"entities": []}
    assert answer.settlement["support"] == {"entities": pytest.approx(2 / 3, abs=1e-3)}


def test_questions_are_asked_by_what_was_decided_before(tmp_path):
    """The two who said negative marked Ann; that the third was not asked is no vote against it."""
    text = "Ann bad"
    marked = {"sentiment": "negative", "entities": [span(text, 0, 3)]}
    said = {"ann": marked, "bob+eve": marked, "eve": {"sentiment": "positive"}}
    project, store, _ = answered(tmp_path, BOTH, (Item("a", text), said))
    ((_, answer),) = settling.settled_answers(project, store, "majority", {})

    assert answer.answers == marked
    assert answer.origin == {"sentiment": ["ann+bob+eve"], "entities": ["ann+bob+eve"]}


def test_a_question_that_may_be_left_open_leaves_the_item_in(tmp_path):
    said = {name: {"sentiment": "positive", "why": name} for name in NAMES}
    project, store, versions = answered(tmp_path, BOTH, (Item("a", "x"), said))
    left_out: dict[str, int] = {}
    ((_, answer),) = settling.settled_answers(project, store, "majority", left_out)

    assert answer.answers == {"sentiment": "positive"}
    assert left_out == {"answers to why left empty: majority does not decide": 1}
    assert settling.auto_settle(project, store, versions, "majority") == 0


@settings(max_examples=20)
@given(people=st.lists(st.integers(0, 3), max_size=5))
def test_what_is_settled_before_all_answers_are_there_is_counted(tmp_path_factory, people):
    items = [(Item(f"i{n}", f"x{n}"), votes(*["positive"] * many)) for n, many in enumerate(people)]
    project, store, _ = answered(tmp_path_factory.mktemp("p"), SENTIMENT, *items)
    left_out: dict[str, int] = {}
    settled = list(settling.settled_answers(project, store, "majority", left_out))
    early = sum(0 < many < 3 for many in people)
    store.close()

    assert left_out == ({f"of {len(settled)} settled items without all 3 answers yet": early} if early else {})


@pytest.mark.parametrize(("gone", "words"), [(1, "1 item left out: majority"), (2, "2 items left out: majority")])
def test_export_says_what_is_left_out_and_what_is_early(tmp_path, capsys, gone, words):
    items = [(Item(f"i{n}", f"x{n}"), votes("positive", "negative")) for n in range(gone)]
    answered(tmp_path, SENTIMENT, *items, (Item("early", "x"), votes("positive")))
    assert cli.main(["export", str(tmp_path), "--settled"]) == 0
    errors = capsys.readouterr().err.splitlines()

    assert any(line.endswith(f"{words} does not decide sentiment") for line in errors)
    assert any(line.endswith("1 of 1 settled items without all 3 answers yet") for line in errors)


# settling in bulk


def test_auto_settle_settles_what_all_answered_and_nobody_waits_for(tmp_path):
    rows = [(Item(f"i{n}", f"t{n}"), votes("positive", "positive", "positive")) for n in range(5)]
    rows.append((Item("two", "two"), votes("positive", "positive")))
    rows.append((Item("split", "split"), votes("positive", "positive", "negative")))
    flags = {("i1", "eve"): (Flag("ambiguous"),)}
    project, store, versions = answered(tmp_path, SENTIMENT, *rows, flags=flags)
    store.say(store.find_item("i2"), Comment("ann", "why?", QUESTION))
    store.settle(store.find_item("i3"), Gold("lea", {"sentiment": "neutral"}, SETTLED), "s")
    store.send_back(store.find_item("i4"), ["ann"], Comment("lea", "look again"))
    before = list(store.answers(history=True))

    assert settling.auto_settle(project, store, versions, "unanimous") == 1
    assert settling.auto_settle(project, store, versions, "unanimous") == 0
    assert settling.auto_settle(project, store, versions, "majority") == 1
    golds = dict(store.known())
    assert {number: (gold.outcome, gold.rule) for number, gold in golds.items()} == {
        store.find_item("i0"): ("auto", "all 3 agree"),
        store.find_item("i3"): ("settled", ""),
        store.find_item("split"): ("auto", "2 of 3 say so"),
    }
    split = golds[store.find_item("split")]
    assert (split.sources, split.origin) == (dict.fromkeys(NAMES, 1), {"sentiment": ["ann+bob+eve"]})
    assert list(store.answers(history=True)) == before


def test_auto_settle_waits_for_nobody_who_left_the_project(tmp_path):
    _, store, _ = answered(tmp_path, SENTIMENT, (Item("a", "a"), votes("neutral", "neutral", "negative")))
    store.send_back(1, ["eve"], Comment("lea", "look again"))
    store.close()
    me = at_work(Roles()).name
    roles = f"roles: {{leads: ['{me}'], annotators: [ann, {{}}]}}\n"
    for annotators, settled in (("eve", 0), ("bob+eve", 1)):
        write_project(
            tmp_path, SENTIMENT.replace("tasks:", "overlap: 3\n" + roles.replace("{}", annotators) + "tasks:", 1)
        )
        project, store, versions = opened(tmp_path)
        assert settling.auto_settle(project, store, versions, "majority") == settled
        store.close()


def test_auto_settle_goes_on_after_an_interruption(tmp_path, monkeypatch):
    rows = [(Item(f"i{n}", f"t{n}"), votes("neutral", "neutral", "neutral")) for n in range(7)]
    project, store, versions = answered(tmp_path, SENTIMENT, *rows)
    monkeypatch.setattr(settling, "PAGE", 3)
    settle_many, calls = store.settle_many, []

    def interrupted(golds):
        if len(calls) == 1:
            raise KeyboardInterrupt
        calls.append(len(golds))
        return settle_many(golds)

    monkeypatch.setattr(store, "settle_many", interrupted)
    with pytest.raises(KeyboardInterrupt):
        settling.auto_settle(project, store, versions, "unanimous")
    monkeypatch.undo()

    assert len(list(store.known())) == 3
    assert settling.auto_settle(project, store, versions, "unanimous") == 4


def test_only_rules_that_are_sure_settle_by_themselves(tmp_path):
    project, store, versions = answered(tmp_path, SENTIMENT)
    with pytest.raises(UsageError, match="dawid-skene settles nothing by itself"):
        settling.auto_settle(project, store, versions, "dawid-skene")


# what an export says


def test_a_reviewers_answer_goes_before_any_rule_with_where_it_is_from(tmp_path, capsys):
    _project, store, _ = answered(tmp_path, SENTIMENT, (Item("a", "x"), votes("positive", "positive", "negative")))
    gold = Gold("lea", {"sentiment": "negative"}, ACCEPTED, origin={"sentiment": ["eve"]}, example=True)
    store.settle(store.find_item("a"), gold, "s")
    (record,) = exported(tmp_path, "--settled", capsys=capsys)

    assert (record["annotator"], record["status"], record["answers"]) == ("gold", "settled", gold.answers)
    assert record["origin"] == {"sentiment": ["eve"]}
    at = record["settled"].pop("at")
    assert record["settled"] == {
        "by": "reviewer", "outcome": "accepted", "reviewer": "lea", "support": {"sentiment": 0.3333}, "example": True,
    }  # fmt: skip
    assert at.endswith("Z")
    assert [(one["annotator"], one["revision"], one["answers"]) for one in record["versions"]] == [
        (name, 1, said) for name, said in votes("positive", "positive", "negative").items()
    ]


def test_a_question_that_came_after_an_item_was_settled_is_counted(tmp_path):
    _, store, _ = answered(tmp_path, SENTIMENT, *((Item(key, key), votes("neutral")) for key in "abc"))
    for number in (1, 2):
        store.settle(number, Gold("lea", {"sentiment": ("neutral", "negative")[number - 1]}), f"g{number}")
    store.close()
    later = "  - {id: irony, type: choice, labels: [ja, nein], when: {sentiment: [neutral]}}\n"
    write_project(tmp_path, SENTIMENT + later + "  - {id: why, type: text, required: false}\n")
    project, store, _ = opened(tmp_path)
    left_out: dict[str, int] = {}

    assert len(list(settling.settled_answers(project, store, "none", left_out))) == 2
    assert left_out == {
        "items left out: no reviewer settled them": 1,
        "answers to irony left empty: settled before it was asked; review --queue all --settled-too": 1,
    }


def test_blind_hides_every_name_and_keeps_people_apart(tmp_path, capsys):
    rows = [(Item(f"i{n}", f"t{n}"), votes("positive", "positive", "negative")) for n in range(12)]
    _, store, _ = answered(tmp_path, SENTIMENT, *rows)
    gold = Gold("eve", {"sentiment": "negative"}, SETTLED, origin={"sentiment": ["reviewer"]})
    store.settle(store.find_item("i5"), gold, "s")
    assert cli.main(["export", str(tmp_path), "--settled", "--blind"]) == 0
    out = capsys.readouterr().out
    records = [json.loads(line) for line in out.splitlines()]
    by_alias: dict[str, set[str]] = {}
    for record in records:
        for one in record["versions"]:
            by_alias.setdefault(one["annotator"], set()).add(one["answers"]["sentiment"])

    assert re.search(r"\b(ann|bob|eve)\b", out) is None
    assert sorted(by_alias) == ["a1", "a2", "a3"]
    assert sorted(map(sorted, by_alias.values())) == [["negative"], ["positive"], ["positive"]]
    (odd,) = [alias for alias, said in by_alias.items() if said == {"negative"}]
    assert records[5]["settled"]["reviewer"] == odd
    assert {record["origin"]["sentiment"][0] for record in records if record is not records[5]} == {
        "+".join(sorted(by_alias.keys() - {odd}))
    }


@pytest.mark.parametrize(
    "options",
    [["--settled", "--history"], ["--settled", "--annotator", "ann"], ["--rule", "majority"], ["--blind"],
     ["--format", "examples"]],
)  # fmt: skip
def test_what_does_not_go_together_is_wrong_usage(tmp_path, options, capsys):
    answered(tmp_path, SENTIMENT)
    try:
        status = cli.main(["export", str(tmp_path), *options])
    except SystemExit as stop:
        status = stop.code
    assert status == 2


TEXT_WRITERS = (
    "csv", "tsv", "conll", *(one.name for one in formats.FORMATS if one.name.startswith("conll-")), "prodigy", "doccano", "doccano-csv", "spreadsheet", "labelstudio-min", "brat", "conllu",
    "fasttext", "webanno",
)  # fmt: skip
OTHER_WRITERS = ("jsonl", "examples", "labelstudio", "spacy", "spacy-json", "datasets")
"""Those that say more of settled answers, or write what is no text."""
SOUND_WRITERS = tuple(
    format.name
    for format in formats.FORMATS
    if (format.write or format.write_folder) and format.name not in (*TEXT_WRITERS, *OTHER_WRITERS)
)
CALLS = (
    "name: c\nitems: sound\ntasks: [{id: said, type: segments, transcript: {speakers: [A]}}, {id: text, type: text}]\n"
)


def written(folder: Path, name: str, rows: list, project) -> dict[str, str]:
    """All files that a writer makes of these rows."""
    format, dropped = formats.find(name), {}
    folder.mkdir()
    if format.write_folder:
        format.write_folder(rows, folder, project, dropped)
    else:
        with (folder / "out").open("w", encoding="utf-8", newline="") as out:
            format.write(rows, out, project, dropped)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize(
    "name", [format.name for format in formats.FORMATS if format.name in (*TEXT_WRITERS, *SOUND_WRITERS)]
)
def test_every_writer_takes_settled_answers_like_those_of_somebody_called_gold(tmp_path, name):
    text = "Ann flew to Rome"
    if name in TEXT_WRITERS:
        source, item = ENTITIES, Item("a", text)
        answers = {"entities": [span(text, 0, 3), span(text, 12, 16, "place")]}
    else:
        source, item = CALLS, Item("a", sound=Sound("a.wav", 9.0, rate=100, hash="h"))
        answers = {"said": [{"start": 0.5, "end": 2.25, "text": "hello", "speaker": "A"}], "text": "hello"}
    project, store, _ = answered(tmp_path / "p", source, (item, dict.fromkeys(NAMES, answers)))
    settled = list(settling.settled_answers(project, store, "majority", {}))
    plain = [(item, Annotation("gold", answers=answers, origin=settled[0][1].origin))]
    found = written(tmp_path / "settled", name, settled, project)

    assert found == written(tmp_path / "plain", name, plain, project)
    assert any(word in "".join(found.values()) for word in ("Ann", "hello", "SPEAKER"))


@pytest.mark.parametrize("name", ["jsonl", "csv", "tsv", "spreadsheet", "prodigy", "doccano", "conll"])
def test_what_writers_write_comes_back_as_the_same_known_answers(tmp_path, name, capsys):
    text = "Ann flew to Rome"
    spans = [span(text, 0, 3), span(text, 12, 16, "place")]
    none = "Nobody flew"
    rows = [
        (Item("a", text), {one: {"entities": spans} for one in NAMES}),
        (Item("b", none), {key: {} for key in NAMES}),
    ]
    answered(tmp_path / "p", ENTITIES, *rows)
    out = tmp_path / {"conll": "o.conll", "tsv": "o.tsv", "csv": "o.csv", "spreadsheet": "o.csv"}.get(name, "o.jsonl")
    assert cli.main(["export", str(tmp_path / "p"), "--settled", "--format", name, "-o", str(out)]) == 0
    assert ("how items were settled, and from what answers (2)" in capsys.readouterr().err) is (name != "jsonl")
    write_project(tmp_path / "q", ENTITIES)
    assert cli.main(["add", str(tmp_path / "q"), str(out), "--gold"]) == 0
    _, store, _ = opened(tmp_path / "q")

    assert {
        one.item.text: [(part["start"], part["end"], part["label"]) for part in one.gold.answers["entities"]]
        for one in store.testimonies()
    } == {text: [(0, 3, "person"), (12, 16, "place")], none: []}


def test_examples_are_markdown_under_their_labels(tmp_path, capsys):
    text = "Ann flew to Rome\nwith Bob"
    spans = [span(text, 0, 3), span(text, 12, 16, "place"), span(text, 22, 25)]
    answered(tmp_path, ENTITIES, (Item("a", text), {"ann": {}}), (Item("b", "other"), {"ann": {}}))
    _, store, _ = opened(tmp_path)
    store.settle(store.find_item("a"), Gold("lea", {"entities": spans}, SETTLED, example=True), "s")
    store.settle(store.find_item("b"), Gold("lea", {"entities": []}, SETTLED), "t")
    assert cli.main(["export", str(tmp_path), "--settled", "--format", "examples"]) == 0
    quoted = '> "Ann flew to Rome\n> with Bob" → '
    out, errors = capsys.readouterr()

    assert out == f"## person\n\n{quoted}[Ann] [Bob] **person**\n\n## place\n\n{quoted}[Rome] **place**\n\n"
    assert "how items were settled" not in errors


# properties


@st.composite
def said_of_items(draw):
    """Items of BOTH and what up to three people say of each."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        text = draw(st.text(st.sampled_from("ab é日👩‍👧\n\ud800"), min_size=1, max_size=8))
        spans = st.builds(
            lambda start, size, label, text=text: span(text, start, min(len(text), start + size), label),
            st.integers(0, len(text) - 1), st.integers(1, 4), st.sampled_from(["person", "place"]),
        )  # fmt: skip
        people = {}
        for name in NAMES[: draw(st.integers(1, 3))]:
            answers: dict = {"sentiment": draw(st.sampled_from(["positive", "negative"]))}
            if answers["sentiment"] == "negative":
                found = {(one["start"], one["end"], one["label"]): one for one in draw(st.lists(spans, max_size=3))}
                answers |= {"entities": [found[key] for key in sorted(found)]} if found else {}
            if why := draw(st.sampled_from(["", "so", "SO"])):
                answers["why"] = why
            people[name] = answers
        rows.append((Item(f"k{number}", text), people))
    return rows


@given(said_of_items(), st.sampled_from(["majority", "unanimous", "dawid-skene"]))
@settings(max_examples=20)
def test_settled_answers_are_valid_and_come_back_by_add_as_known_ones(tmp_path_factory, rows, rule):
    folder = tmp_path_factory.mktemp("s")
    project, store, _ = answered(folder / "p", BOTH, *rows)
    history = list(store.answers(history=True))
    out = folder / "out.jsonl"
    assert cli.main(["export", str(folder / "p"), "--settled", "--rule", rule, "-o", str(out)]) == 0
    settled = {item.key: answer for item, answer in settling.settled_answers(project, store, rule, {})}
    for key, answer in settled.items():
        item = next(item for item, _ in rows if item.key == key)
        assert all(project.task(id).check(value, item) == "" for id, value in answer.answers.items())
    write_project(folder / "q", BOTH)
    if settled:
        assert cli.main(["add", str(folder / "q"), str(out), "--gold"]) == 0
        assert cli.main(["add", str(folder / "q"), str(out), "--gold"]) == 0
        _, other, _ = opened(folder / "q")

        assert {one.item.key: one.gold.answers for one in other.testimonies()} == {
            key: answer.answers for key, answer in settled.items()
        }
        assert {one.gold.revision for one in other.testimonies()} == {1}
    assert list(store.answers(history=True)) == history


@given(said_of_items())
def test_nothing_depends_on_the_names_nor_on_their_order(rows):
    project = config.parse(BOTH, Path("nowhere"))
    for item, people in rows:
        versions = tuple(Annotation(name, answers=said) for name, said in people.items())
        turned = tuple(replace(one, annotator=f"x{n}") for n, one in enumerate(reversed(versions)))
        verdicts = [
            settling.decide(project.tasks, reviewing.Testimony(1, item, these, None), "majority")
            for these in (versions, turned)
        ]
        assert verdicts[0].undecided == verdicts[1].undecided
        assert {id: v for id, v in verdicts[0].answers.items() if id != "why"} == {
            id: v for id, v in verdicts[1].answers.items() if id != "why"
        }


# answers of when a question was of another type

OTHERS = {
    "choice": ("{id: t, type: choice, labels: [a, b]}", "a"),
    "choices": ("{id: t, type: choices, labels: [a, b]}", ["a"]),
    "spans": ("{id: t, type: spans, labels: [a, b]}", [{"start": 0, "end": 4, "label": "a", "text": "word"}]),
    "rating": ("{id: t, type: rating}", 3),
    "text": ("{id: t, type: text, required: false}", "a"),
    "pick": ("{id: t, type: compare}", "A"),
    "rank": ("{id: t, type: compare, mode: rank}", ["A", "B"]),
}
ALIKE = {frozenset(pair) for pair in ({"choice", "text"}, {"choice", "pick"}, {"text", "pick"}, {"choices", "rank"})}


@pytest.mark.parametrize(("before", "now"), [pair for pair in permutations(OTHERS, 2) if frozenset(pair) not in ALIKE])
def test_an_answer_of_another_type_has_no_say(tmp_path, before, now):
    source, said = f"name: p\ntasks:\n  - {OTHERS[now][0]}\n", {"t": OTHERS[before][1]}
    project, store, versions = answered(tmp_path, source, (Item("i", "words", ("x", "y")), dict.fromkeys(NAMES, said)))
    for rule in settling.RULES:
        found = list(settling.settled_answers(project, store, rule, {}))
        assert [dict(one.answers) for _, one in found] in ([], [{}]), rule
    assert settling.auto_settle(project, store, versions, "majority") == 0
    store.settle(1, Gold("lea", said, labels_version=versions.labels), "1")

    assert [dict(one.answers) for _, one in settling.settled_answers(project, store, "none", {})] == [{}]
    assert [task.answers for task in agreement(project, store).tasks] == [0]
    (testimony,) = store.testimonies()
    assert review.begin(project, testimony.item, testimony.versions, gold=testimony.gold).session.answers == {}
    assert beginning.begin(project, testimony.item, answered=testimony.versions[0]).answers == {}
    store.close()
    with Project.open(tmp_path) as opened_again:
        for form in formats.FORMATS:
            with suppress(LabelError):
                opened_again.export(tmp_path / form.name, form.name)
        opened_again.report(tmp_path / "report.html")
