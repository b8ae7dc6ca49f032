"""What someone has said about one item so far: an immutable value, its JSON, its differences.

Differences make the undo history small enough to be kept with every draft.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from tui_label.core.annotation import Flag
from tui_label.core.renames import Names
from tui_label.core.tasks import Span, Spans, Task, fitting, spans_from
from tui_label.core.tasks.base import renamed


@dataclass(frozen=True, slots=True)
class Work:
    """Answers by task id (spans apart from the rest), their origins, flags, and what
    became of the suggestions.
    """

    answers: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    decisions: Mapping[int, str] = field(default_factory=dict)

    def answer(self, task: str, value: Any, origin: str = "manual") -> Work:
        return replace(self, answers={**self.answers, task: value}, origins={**self.origins, task: origin})

    def corrected(self, task: str, value: Any) -> Work:
        """An answer made by hand; on top of a draft it is a changed one."""
        origin = "changed" if self.origins.get(task) in ("accepted", "changed") else "manual"
        return self.answer(task, value, origin)

    def with_spans(self, task: str, spans: tuple[Span, ...]) -> Work:
        return replace(self, spans=_without_empty({**self.spans, task: tuple(sorted(spans))}))

    def decide(self, suggestion: int, outcome: str) -> Work:
        return replace(self, decisions={**self.decisions, suggestion: outcome})

    def flagged(self, reason: str) -> Flag | None:
        return next((flag for flag in self.flags if flag.reason == reason), None)

    def with_flag(self, reason: str, note: str) -> Work:
        others = tuple(flag for flag in self.flags if flag.reason != reason)
        return replace(self, flags=(*others, Flag(reason, note)))

    def without_flag(self, reason: str) -> Work:
        return replace(self, flags=tuple(flag for flag in self.flags if flag.reason != reason))

    def renamed(self, names: Names) -> Work:
        """With other names for its labels; spans that are the same then are one."""
        answers = {
            task: renamed(value, names[task]) if task in names else value for task, value in self.answers.items()
        }
        spans = {
            task: tuple(sorted({replace(span, label=names[task].get(span.label, span.label)) for span in some}))
            if task in names
            else some
            for task, some in self.spans.items()
        }
        return replace(self, answers=answers, spans=spans)

    def fitting(self, tasks: Collection[Task]) -> Work:
        """What of it answers these tasks: one may be gone since, or have become another type of question."""
        marking = {task.id for task in tasks if isinstance(task, Spans)}
        known = fitting((task for task in tasks if task.id not in marking), self.answers)
        return replace(
            self,
            answers={task: value for task, value in self.answers.items() if task in known},
            origins={task: origin for task, origin in self.origins.items() if task in known},
            spans={task: some for task, some in self.spans.items() if task in marking},
        )

    def values(self, text: str) -> dict[str, Any]:
        """Every task's value in the JSON shape of an annotation."""
        spans = {task: [span.record(text) for span in spans] for task, spans in self.spans.items()}
        return {**self.answers, **spans}

    def all_origins(self) -> dict[str, list[str]]:
        """Origins in the shape of an annotation."""
        whole = {task: [origin] for task, origin in self.origins.items()}
        return whole | {task: [span.origin for span in spans] for task, spans in self.spans.items()}


def _without_empty(spans: Mapping[str, tuple[Span, ...]]) -> dict[str, tuple[Span, ...]]:
    return {task: some for task, some in spans.items() if some}


def work_from(
    answers: Mapping[str, Any],
    origin: Mapping[str, list[str]],
    flags: tuple[Flag, ...],
    decisions: Mapping[int, str],
    span_tasks: frozenset[str],
) -> Work:
    """The inverse of `values` and `all_origins`."""
    return Work(
        answers={task: value for task, value in answers.items() if task not in span_tasks},
        origins={task: (origin.get(task) or ["manual"])[0] for task in answers if task not in span_tasks},
        spans=_without_empty(
            {task: spans_from(value, origin.get(task)) for task, value in answers.items() if task in span_tasks}
        ),
        flags=flags,
        decisions=dict(decisions),
    )


def difference(old: Work, new: Work) -> dict[str, Any]:
    """What turns `new` back into `old`, in JSON: absent where nothing changed."""
    patch = _answers_difference(old, new)
    spans = {
        task: _span_difference(old.spans.get(task, ()), new.spans.get(task, ()))
        for task in {*old.spans, *new.spans}
        if old.spans.get(task) is not new.spans.get(task)
    }
    spans = {task: change for task, change in spans.items() if change["out"] or change["in"]}
    if spans:
        patch["spans"] = spans
    if old.flags != new.flags:
        patch["flags"] = [[flag.reason, flag.note] for flag in old.flags]
    decided = old.decisions.items() ^ new.decisions.items()
    if decided:
        patch["decisions"] = {str(number): old.decisions.get(number) for number, _ in decided}
    return patch


def _answers_difference(old: Work, new: Work) -> dict[str, Any]:
    """Of segments and of texts a step changes one or two, or a word: these by what differs in them, others as a whole."""
    lists, texts, whole = dict[str, Any](), dict[str, Any](), dict[str, Any]()
    for task in {*old.answers, *new.answers}:
        was, now, origin = old.answers.get(task), new.answers.get(task), old.origins.get(task)
        if (was, origin) == (now, new.origins.get(task)):
            continue
        if _has_objects(was) and _has_objects(now):
            lists[task] = [*_list_difference(was, now), origin]
        elif isinstance(was, str) and isinstance(now, str):
            texts[task] = [*_text_difference(was, now), origin]
        else:
            whole[task] = [was, origin]
    return {name: some for name, some in (("lists", lists), ("texts", texts), ("answers", whole)) if some}


def _has_objects(value: Any) -> TypeGuard[list[Any]]:
    """Whether it is a list of objects, as segments are."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _list_difference(old: list[Any], new: list[Any]) -> list[Any]:
    """The stretch of `new` that is not as in `old`: where it begins, how long it is, and what was there."""
    first, same = _alike(old, new)
    was, now = old[first : len(old) - same], new[first : len(new) - same]
    if len(was) == len(now) == 1 and isinstance(was[0].get("text"), str) and isinstance(now[0].get("text"), str):
        was = [{**was[0], "text": _text_difference(was[0]["text"], now[0]["text"])}]
    return [first, len(now), was]


def _text_difference(old: str, new: str) -> list[Any]:
    """As for lists, in code points."""
    first, same = _alike(old, new)
    return [first, len(new) - same - first, old[first : len(old) - same]]


def _alike(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """How much of both is the same from the beginning, and of the rest from the end."""
    shorter = min(len(old), len(new))
    # By halves: a comparison of two slices costs next to nothing, one of each character or segment does not
    first = bisect_left(range(1, shorter + 1), True, key=lambda n: old[:n] != new[:n])
    same = bisect_left(range(1, shorter - first + 1), True, key=lambda n: old[-n:] != new[-n:])
    return first, same


def _spliced(text: str, first: int, count: int, was: str) -> str:
    return text[:first] + was + text[first + count :]


def _span_difference(old: tuple[Span, ...], new: tuple[Span, ...]) -> dict[str, Any]:
    had = {(span.start, span.end, span.label, span.origin) for span in old}
    has = {(span.start, span.end, span.label, span.origin) for span in new}
    return {"out": sorted(has - had), "in": sorted(had - has)}


def patched(work: Work, patch: Mapping[str, Any]) -> Work:
    """`work` with a difference applied."""
    answers, origins = dict(work.answers), dict(work.origins)
    for task, (value, origin) in patch.get("answers", {}).items():
        if value is None:
            answers.pop(task, None)
            origins.pop(task, None)
        else:
            answers[task], origins[task] = value, origin or "manual"
    for task, (first, count, was, origin) in patch.get("lists", {}).items():
        now = answers.get(task, [])
        if count == len(was) == 1 and isinstance(was[0].get("text"), list):
            was = [{**was[0], "text": _spliced(now[first]["text"], *was[0]["text"])}]
        answers[task], origins[task] = [*now[:first], *was, *now[first + count :]], origin or "manual"
    for task, (first, count, was, origin) in patch.get("texts", {}).items():
        answers[task], origins[task] = _spliced(answers[task], first, count, was), origin or "manual"
    spans = dict(work.spans)
    for task, change in patch.get("spans", {}).items():
        out = {tuple(span[:3]) for span in change["out"]}
        kept = [one for one in spans.get(task, ()) if (one.start, one.end, one.label) not in out]
        spans[task] = tuple(sorted(kept + [Span(*span) for span in change["in"]]))
    spans = _without_empty(spans)
    flags = work.flags
    if "flags" in patch:
        flags = tuple(Flag(reason, note) for reason, note in patch["flags"])
    before = {int(number): outcome for number, outcome in patch.get("decisions", {}).items()}
    decisions = {number: outcome for number, outcome in {**work.decisions, **before}.items() if outcome is not None}
    return Work(answers, origins, spans, flags, decisions)
