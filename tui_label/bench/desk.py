"""An item on somebody's desk, and what it becomes: an annotation when it is done, a draft until then."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from tui_label.core.annotating import beginning
from tui_label.core.annotating.session import Line, Session
from tui_label.core.annotating.suggested import drafts_kept, outcome_decisions
from tui_label.core.annotating.work import Work
from tui_label.core.annotation import SUBMITTED, Annotation, timing_from
from tui_label.core.item import Item
from tui_label.core.listening import Listening, listening_from
from tui_label.core.moments import utc
from tui_label.core.project import Project
from tui_label.core.renames import Renames
from tui_label.core.text import shortened
from tui_label.core.timing import Watch, watch_from
from tui_label.sound.kinds import called
from tui_label.store.base import Claim, Versions

if TYPE_CHECKING:
    from tui_label.sound.deck import Deck


NAME_CELLS = 24


@dataclass(frozen=True, slots=True)
class Desk:
    """One claimed item with the work on it."""

    claim: Claim
    session: Session
    versions: Versions
    """Of project.yaml and the guidelines, by which it is worked on."""
    watch: Watch
    save_id: str
    started_at: str
    visiting: bool = False
    """Whether it is an answered item that is looked at again."""
    laid: Work = field(default_factory=Work)
    """The work as it was laid."""
    stands: Work = field(default_factory=Work)
    """The work as it was handed in; where it was not, as it was laid."""

    @property
    def is_draft(self) -> bool:
        """Whether the work on an item that is visited is another than was handed in."""
        return self.visiting and (self.session.work != self.stands or self.session.mark is not None)

    @property
    def is_correction(self) -> bool:
        """Whether it became so on this visit, to an item that was answered."""
        return self.is_draft and self.claim.answered is not None and self.session.work != self.laid

    @property
    def leaves_unsaid(self) -> bool:
        """Whether nothing is said yet to a question that the answer before it was not asked, if only that nothing fits."""
        before = replace(self.session, work=self.stands).asked
        return any(
            self.session.value(task.id) is None and (task.required or task not in before) for task in self.session.asked
        )

    @property
    def corrects(self) -> bool:
        """Whether its draft is to be gone on with: what they undid, they gave up."""
        return self.is_draft and not self.claim.reopened

    def last_label(self, renames: Renames) -> tuple[str, str] | None:
        """The task and label given last, as it is called now."""
        if self.session.last_label is None:
            return None
        task, label = self.session.last_label
        return task, renames.since(self.versions.labels).get(task, {}).get(label, label)

    def touched(self, now: float) -> Self:
        """Work went on until `now`, in milliseconds."""
        return replace(self, watch=self.watch.touched(now, self.session.focus))

    def jotted(self, line: Line) -> Self:
        """With what is being typed about the item."""
        return replace(self, session=replace(self.session, line=line))

    def timed_from(self, before: Desk, now: float) -> Self:
        """Its time goes on from when it lay there before."""
        return replace(self, watch=replace(before.watch, last=now), started_at=before.started_at)

    def rested(self, now: float) -> Self:
        """What passed until `now` was no work on the item."""
        return replace(self, watch=replace(self.watch, last=now))


def desk_of(
    claim: Claim,
    project: Project,
    versions: Versions,
    now: float,
    *,
    last_label: tuple[str, str] | None,
    edge_step: str,
    visiting: bool,
) -> Desk:
    """A claimed item as its draft or answer left it; `now` in milliseconds, the rest as the hands were at the item before."""
    kept = json.loads(claim.draft) if claim.draft else {}
    session = beginning.begin(
        project,
        claim.item,
        claim.suggestions,
        draft=claim.draft,
        names=claim.renames.since(kept.get("labels", 0)),
        answered=claim.answered,
        last_label=last_label,
        edge_step=edge_step,
    )
    watch = watch_from(timing_from(kept.get("ms", {})), project.pace.idle_ms, now)
    started_at = kept.get("started_at") or utc_now()
    stands = beginning.answered_work(project, claim.answered) if claim.answered is not None else session.work
    return Desk(claim, session, versions, watch, str(uuid.uuid4()), started_at, visiting, session.work, stands)


def heard_before(claim: Claim) -> Listening:
    """What was heard of the item's sound, by its draft or answer."""
    kept = json.loads(claim.draft) if claim.draft else {}
    return listening_from(kept.get("listening") or (claim.answered.listening if claim.answered else {}))


def annotation_of(desk: Desk, annotator: str, status: str, deck: Deck | None) -> Annotation:
    """What is saved of the work on the desk, submitted or skipped."""
    session = desk.session
    asked = {task.id for task in session.asked}
    answers = {id: value for id, value in session.answers.items() if id in asked}
    for task in session.asked:
        # No spans, no segments, no labels chosen: an answer too, once it is submitted
        if task.kind in ("spans", "segments", "choices") and status == SUBMITTED:
            answers.setdefault(task.id, [])
    origins = session.work.all_origins()
    return Annotation(
        annotator,
        status,
        answers if status == SUBMITTED else {},
        session.work.flags,
        {id: origins[id] for id in answers if origins.get(id)} if status == SUBMITTED else {},
        outcome_decisions(session) if status == SUBMITTED else {},
        desk.watch.timing,
        desk.started_at,
        utc_now(),
        desk.versions.labels,
        desk.versions.guidelines,
        listening=_listening(session, deck),
    )


def _listening(session: Session, deck: Deck | None) -> dict[str, Any]:
    """How the sound was heard, and how far the drafts were kept."""
    if deck is None:
        return {}
    heard, _ = deck.of_item()
    record = heard.record(session.duration)
    if record and deck.reaction_s:
        record["reaction_ms"] = round(deck.reaction_s * 1000)
    counted = drafts_kept(session)
    return {**record, "edits": {id: asdict(edits) for id, edits in counted.items()}} if counted else record


def draft_of(desk: Desk, deck: Deck | None) -> str:
    """The work on the desk as JSON text; `deck` is what plays its sound, if anything does."""
    timing = desk.watch.timing
    also: dict[str, Any] = {
        "ms": {"active": timing.active, "idle": timing.idle, "paused": timing.paused, "tasks": dict(timing.tasks)},
        "started_at": desk.started_at,
        "desk": desk.save_id,
        "labels": desk.versions.labels,
    }
    if deck is not None:
        heard, also["at"] = deck.of_item()
        also["listening"] = heard.record(desk.session.duration)
    return beginning.draft_of(desk.session, **also)


def said_in(draft: str) -> dict[str, Any]:
    """What a draft says of the item, whoever laid it when, and wherever the hands are."""
    record = json.loads(draft) if draft else {}
    return {name: record[name] for name in ("answers", "origin", "flags", "decisions", "mark") if record.get(name)}


def name_of(item: Item) -> str:
    """What an item is called in a word about it, which says more."""
    return shortened(called(item), NAME_CELLS)


def utc_now() -> str:
    """Now, as the store writes times."""
    return utc(time.time() * 1000)
