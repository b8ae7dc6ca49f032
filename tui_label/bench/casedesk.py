"""A case on a reviewer's desk, and what it becomes: a gold answer when it is settled, a draft until then."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Self

from tui_label.bench.desk import Desk
from tui_label.core.annotating.session import Line
from tui_label.core.annotation import Timing
from tui_label.core.gold import Gold
from tui_label.core.project import Project
from tui_label.core.reviewing import review
from tui_label.core.reviewing.review import Review
from tui_label.core.text import letters
from tui_label.core.timing import watch_from
from tui_label.store.base import Claim, Versions
from tui_label.store.reviewing import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDesk(Desk):
    """A case with what was decided about it so far."""

    case: Case
    reading: Review
    """Its session is the desk's, which the tape may have moved on since."""

    @property
    def review(self) -> Review:
        if self.reading.session is self.session:
            return self.reading
        return replace(self.reading, session=self.session)

    def names(self, *, blind: bool) -> tuple[str, ...]:
        """What the versions are called: their annotators, or letters after those of the candidates to be compared."""
        versions, others = self.reading.versions, len(self.claim.item.candidates)
        return letters(others + len(versions))[others:] if blind else tuple(one.annotator for one in versions)

    @property
    def askers(self) -> tuple[str, ...]:
        """Annotators with a question on the case that nobody has answered since."""
        return tuple(dict.fromkeys(one.author for one in self.case.comments if one.open))

    @property
    def draft(self) -> str:
        """What was decided so far as JSON text, which `case_desk_of` takes back; empty where nothing was."""
        return review.draft_of(self.review, self.versions.labels, self.save_id)

    def gold(self, reviewer: str) -> Gold:
        return review.gold_of(
            self.review,
            reviewer,
            active_ms=self.watch.timing.active,
            labels_version=self.versions.labels,
            guidelines_version=self.versions.guidelines,
        )

    def jotted(self, line: Line) -> Self:
        # In both: where the two sessions differ, each look at `review` makes a new one
        made = replace(self.review, session=replace(self.session, line=line))
        return replace(self, reading=made, session=made.session)

    def became(self, made: Review, now: float) -> CaseDesk:
        """After a command, at `now` in milliseconds: the time since the one before is work."""
        return replace(self, reading=made, session=made.session, watch=self.watch.touched(now, made.session.focus))


def case_desk_of(
    case: Case,
    project: Project,
    versions: Versions,
    now: float,
    *,
    settled: Gold | None,
    last_label: tuple[str, str] | None,
    task: str,
) -> CaseDesk:
    """A case as its draft left it, or as it was `settled`, if that was undone; from the first difference of `task` on.

    `now` is in milliseconds, `last_label` the one given last at the case before.
    """
    said = review.arranged(case.versions, case.item.key, project.review.blind)
    made = review.begin(project, case.item, said, about=case.about, gold=case.gold, last_label=last_label, task=task)
    made = review.restored(made, case.draft, case.renames)
    if settled is not None and not made.is_touched:
        made = review.reopened(made, settled)
    return CaseDesk(
        Claim(case.number, case.item),
        made.session,
        versions,
        watch_from(Timing(), project.pace.idle_ms, now),
        str(uuid.uuid4()),
        "",
        case=case,
        reading=made,
    )


def decided(case: Case) -> int:
    """The revision of its gold answer, 0 for none."""
    return case.gold.revision if case.gold is not None else 0
