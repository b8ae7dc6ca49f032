"""One answer for each item: the reviewer's where there is one, else by a rule that is stated with it.

The rules are those of `quality.consensus`, and `none`: nothing decides but a reviewer.
Someone who was asked for spans, segments or labels and gave none says that there are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from tui_label.core.annotation import Annotation
from tui_label.core.gold import AUTO, Gold
from tui_label.core.item import Item
from tui_label.core.project import Project
from tui_label.core.tasks import (
    Choices,
    Segments,
    Spans,
    Task,
    Text,
    fitting,
    is_asked,
    of_another_type,
)
from tui_label.core.text import visible
from tui_label.errors import UsageError
from tui_label.formats.settled import SettledAnswer, settled_answer
from tui_label.projects.attribution import Names, origins, shares
from tui_label.quality.consensus import DAWID_SKENE, MAJORITY, UNANIMOUS, Evidence, consensus
from tui_label.quality.scores import is_of_labels
from tui_label.store.base import Store, Versions
from tui_label.store.reviewing import Testimony

NONE = "none"
RULES = (MAJORITY, UNANIMOUS, DAWID_SKENE, NONE)
PAGE = 500
"""Items settled in one transaction."""
BY_RULE = "rule"
"""The reviewer of what a rule settled."""

Likely = Mapping[int, Mapping[str, tuple[Any, float]]]
"""By item number and task: the likeliest label (None: none is likelier than all others together), its probability."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule makes of several answers about one item."""

    answers: Mapping[str, Any]
    support: Mapping[str, float]
    """For each task, as `quality.consensus.Settled` has it."""
    words: str
    """How clear it was, such as `all 3 agree` or `2 of 3 say so`."""
    undecided: tuple[str, ...]
    """Tasks that are asked and on which the rule does not decide."""


def auto_settle(project: Project, store: Store, versions: Versions, rule: str) -> int:
    """Settle what the rule decides, that of project.yaml where none is given; how many items that were.

    Left alone is what fewer have answered than the project wants, what has a gold answer, an open flag, an
    unanswered question or a return that may still be answered, and what the rule leaves open in any question.
    Each page is kept as a whole, so it may be interrupted, and called again.
    """
    rule = rule or project.review.auto_settle
    if not rule:
        raise UsageError("--auto-settle needs a rule: unanimous or majority, here or as review: auto-settle")
    if rule not in (MAJORITY, UNANIMOUS):
        raise UsageError(f"{rule} settles nothing by itself; the rules that do are {MAJORITY} and {UNANIMOUS}")
    store.end_returns(project.roles.strangers(store.tallies()))
    decided = (
        (one.number, _gold(project.tasks, one, verdict, versions))
        for one in store.testimonies()
        if one.gold is None and not one.pending and len(one.versions) >= project.overlap
        if not (verdict := decide(project.tasks, one, rule)).undecided
    )
    count = 0
    while page := list(islice(decided, PAGE)):
        count += store.settle_many(page)
    return count


def _gold(tasks: tuple[Task, ...], one: Testimony, verdict: Verdict, versions: Versions) -> Gold:
    return Gold(
        BY_RULE,
        verdict.answers,
        AUTO,
        verdict.words,
        {version.annotator: version.revision for version in one.versions},
        origins(tasks, verdict.answers, one.versions),
        labels_version=versions.labels,
        guidelines_version=versions.guidelines,
    )


def settled_answers(
    project: Project, store: Store, rule: str, left_out: dict[str, int], *, blind: bool = False
) -> Iterator[tuple[Item, SettledAnswer]]:
    """Every item that a reviewer or the rule settles, in order; counts the others in `left_out`, in words.

    A question that need not be answered and is not decided is left empty, and counted too; so are one that came after
    an item was settled, and items that a rule settles before all the answers are there that the project wants.
    Raises UsageError at once for a rule that is none.
    """
    if rule not in RULES:
        raise UsageError(f"{visible(rule)}: no such rule; there are {', '.join(RULES)}")
    return _settled_answers(project, store, rule, left_out, blind)


def _settled_answers(
    project: Project, store: Store, rule: str, left_out: dict[str, int], blind: bool
) -> Iterator[tuple[Item, SettledAnswer]]:
    settled = early = 0
    likely = likeliest(project.tasks, store) if rule == DAWID_SKENE else None
    names = Names() if blind else None
    for one in store.testimonies():
        answer: SettledAnswer | None
        if one.gold:
            answer = _by_reviewer(project.tasks, one, left_out)
        else:
            answer = _by_rule(project.tasks, one, rule, likely, left_out)
        if answer is not None:
            settled += 1
            early += one.gold is None and len(one.versions) < project.overlap
            yield one.item, names.hidden(one.item, answer) if names else answer
    if early:
        left_out[f"of {settled:,} settled items without all {project.overlap} answers yet"] = early


def _by_reviewer(tasks: tuple[Task, ...], one: Testimony, left_out: dict[str, int]) -> SettledAnswer:
    gold = one.gold
    assert gold is not None
    answers = fitting(tasks, gold.answers)
    for task in tasks:
        if task.required and is_asked(task, tasks, answers.get) and not task.is_answered(answers.get(task.id)):
            words = "left empty: settled before it was asked; review --queue all --settled-too"
            _count(left_out, f"answers to {task.id} {words}")
    known = {"outcome": gold.outcome, "rule": gold.rule, "reviewer": gold.reviewer, "at": gold.at}
    by = "rule" if gold.outcome == AUTO else "reviewer"
    support = shares(tasks, answers, one.versions)
    settlement: dict[str, Any] = {"by": by} | {name: value for name, value in known.items() if value}
    settlement |= ({"support": support} if support else {}) | ({"example": True} if gold.example else {})
    answer = settled_answer(answers, gold.origin, gold.at, settlement, one.versions, gold.example)
    return replace(answer, labels_version=gold.labels_version, guidelines_version=gold.guidelines_version)


def _by_rule(
    tasks: tuple[Task, ...], one: Testimony, rule: str, likely: Likely | None, left_out: dict[str, int]
) -> SettledAnswer | None:
    if rule == NONE:
        _count(left_out, "items left out: no reviewer settled them")
        return None
    verdict = decide(tasks, one, rule, likely)
    required = [id for id in verdict.undecided if any(task.id == id and task.required for task in tasks)]
    if required:
        _count(left_out, f"items left out: {rule} does not decide {', '.join(required)}")
        return None
    for id in verdict.undecided:
        _count(left_out, f"answers to {id} left empty: {rule} does not decide")
    support = {task: round(share, 4) for task, share in verdict.support.items()}
    settlement: dict[str, Any] = {"by": "rule", "rule": rule, "support": support}
    return settled_answer(verdict.answers, origins(tasks, verdict.answers, one.versions), "", settlement, one.versions)


def _count(counts: dict[str, int], words: str) -> None:
    counts[words] = counts.get(words, 0) + 1


# rules


def decide(tasks: tuple[Task, ...], one: Testimony, rule: str, likely: Likely | None = None) -> Verdict:
    """What the rule makes of the answers to each question that is asked; `likely` where it is dawid-skene."""
    found = likely.get(one.number, {}) if likely is not None else {}
    unsure = {id for id, (value, _) in found.items() if value is None}
    # Everybody is taken to have said what is likeliest, so that the vote is on the questions which follow from that
    sure = {id: value for id, (value, _) in found.items() if value is not None}
    said = [
        (version.annotator, {id: value for id, value in (_whole(tasks, version) | sure).items() if id not in unsure})
        for version in one.versions
    ]
    vote = MAJORITY if likely is not None else rule
    settled = next(consensus(tasks, [Evidence(one.number, said)], vote), None)
    answers = {} if settled is None else dict(settled.answers)
    for task in tasks:
        if task.id in answers and not task.required and not task.is_answered(answers[task.id]):
            del answers[task.id]
    otherwise = {id for version in one.versions for id in of_another_type(tasks, version.answers)}
    open_ = unsure.union(settled.left_open if settled else (), otherwise - answers.keys())
    undecided = tuple(
        task.id
        for task in tasks
        if is_asked(task, tasks, answers.get)
        and (task.id in open_ or (task.required and not task.is_answered(answers.get(task.id))))
    )
    support = {id: found[id][1] if id in found else settled.support[id] for id in answers} if settled else {}
    return Verdict(answers, support, _words(support, len(said), settled.rule if settled else ""), undecided)


def _whole(tasks: tuple[Task, ...], version: Annotation) -> dict[str, Any]:
    """Their answers, with what they were asked for and left empty: no spans, no labels, no words."""
    answers = fitting(tasks, version.answers)
    for task in tasks:
        empty = isinstance(task, Spans | Segments | Choices | Text) and version.answers.get(task.id) is None
        if empty and is_asked(task, tasks, answers.get):
            answers[task.id] = "" if isinstance(task, Text) else []
    return answers


def _words(support: Mapping[str, float], people: int, otherwise: str) -> str:
    votes = min(support.values(), default=1.0) * people
    if votes == people or abs(votes - round(votes)) > 1e-6:
        return otherwise
    return f"{round(votes)} of {people} say so"


def likeliest(tasks: Sequence[Task], store: Store) -> Likely:
    """By Dawid-Skene, each question with labels by itself; known answers teach how people mix labels up."""
    alone = [replace(task, when={}) for task in tasks if is_of_labels(task) or isinstance(task, Choices)]
    ids = {task.id for task in alone}
    golds = {number: _only(ids, gold.answers) for number, gold in store.known()}
    evidence = [
        Evidence(number, [(one.annotator, _only(ids, one.answers)) for one in said])
        for number, said in groupby(store.opinions(), key=lambda one: one.number)
    ]
    found: dict[int, dict[str, tuple[Any, float]]] = {}
    for settled in consensus(alone, [one._replace(gold=golds.get(one.number)) for one in evidence], DAWID_SKENE):
        if settled.number not in golds:
            here = {id: (value, settled.support[id]) for id, value in settled.answers.items()}
            found[settled.number] = here | dict.fromkeys(settled.left_open, (None, 0.0))
    return found


def _only(ids: set[str], answers: Mapping[str, Any]) -> dict[str, Any]:
    return {id: value for id, value in answers.items() if id in ids}
