"""What a store does, whatever it keeps things in.

A store hands out items (claims are leases), takes answers, and keeps every
revision, draft, flag, suggestion and timing.  One conformance suite
(tests/store/) runs against every implementation.

Rules that hold for every method:
* It returns only when what it wrote is on disk; it raises a `StoreError` when it
  is not, and then nothing of the call was written (of `add`: see there).
* Times come from the store's clock, in milliseconds since 1970 (UTC).
* Nothing here interprets answers beyond what `Annotation` says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from math import inf
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tui_label.core.annotation import Annotation
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.core.renames import Renames
from tui_label.core.roles import Role
from tui_label.core.text import visible
from tui_label.store.reviewing import Reviewing

if TYPE_CHECKING:
    from tui_label.store.staging import Staging


Finding = tuple[bool, str]
"""Whether something is well, and one line about it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What of project.yaml rules the queue; recorded whenever a project is opened."""

    overlap: int = 1
    order: str = "priority"
    lease_ms: int = 300_000
    skip: str = "later"
    gold_rate: float = 0.0
    """How often an annotator's next item is one whose answer is known, unmarked: from 0 to 1."""
    repeat_rate: float = 0.0
    """How often it is one they answered before."""
    repeat_after_ms: int = 14 * 86_400_000
    """How long before."""
    attempts: int = 0
    """Goes at the qualification set before real items; 0: none is asked for."""
    threshold: float = -inf
    """Suggestions with a score below this are not shown."""
    hold_below: float = 0.0
    """Nor are those of a source of which less than this share was accepted as it was, from 0 to 1,"""
    hold_from: int = 50
    """once so many of them were accepted, changed or rejected."""


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did, in numbers."""

    items: int = 0
    known: int = 0
    """Items that were there already."""
    answers: int = 0
    suggestions: int = 0
    gold: int = 0
    """Known answers."""
    earlier: int = 0
    """Answers left out because their annotators have given others since."""
    replaced: int = 0
    """Answers that took the place of one that their annotators had given."""
    outside: int = 0
    """Known answers for the qualification set about items that were there already outside of it, where they stay."""

    def __add__(self, other: Added) -> Added:
        return Added(*map(add, astuple(self), astuple(other)))


class Conflict(NamedTuple):
    """Why a record is not brought in."""

    place: str
    """In a file; empty where it is from none."""
    words: str

    def __str__(self) -> str:
        return f"{visible(self.place)}: {self.words}" if self.place else self.words


class Source(NamedTuple):
    """What makes suggestions."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What `suggest` did, in numbers."""

    items: int = 0
    """Items that the source now speaks about, also where it has nothing to say."""
    added: int = 0
    known: int = 0
    """Suggestions that were there already."""
    replaced: int = 0
    """Suggestions of earlier versions that are shown no more."""
    kept: int = 0
    """Suggestions of earlier versions that somebody has seen; on their items nothing was changed."""

    def __add__(self, other: Suggested) -> Suggested:
        return Suggested(*map(add, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How much a source suggests, and whether that is held back for its poor precision."""

    source: Source
    suggestions: int
    held: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """One standing answer beside what was suggested for its item."""

    answers: Mapping[str, Any]
    """Labels under today's names."""
    decisions: Mapping[int, str]
    suggestions: Mapping[Source, tuple[Suggestion, ...]]
    """By source; empty where it was asked and had nothing to say."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An item in somebody's hands until the lease ends.

    `draft` is the unfinished work on it as the workbench wrote it (JSON text, opaque
    here), also after `reopen`.  `answered` is the submitted annotation where there is one.
    """

    number: int
    """The item's number in this store, also its place in the order of arrival."""
    item: Item
    suggestions: tuple[Suggestion, ...] = ()
    draft: str = ""
    renames: Renames = field(default_factory=Renames)
    """Of labels, which `draft` has as it was written."""
    answered: Annotation | None = None
    reopened: str = ""
    """The status of the save whose undo brought it here; empty where none did."""
    returned: bool = False
    """Whether a reviewer sent it back; `answered` is then what was sent back, and it stands until they submit."""
    comments: tuple[Comment, ...] = ()
    """On this item, by this annotator or for them, in order of time."""
    known: Gold | None = None
    """In the qualification set alone: the right answer, for feedback once they have answered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Counters that cost the same at a thousand and at ten million items.

    Probes are no items of the work.  Answers to known ones among them count, and to the qualification set they do not.
    """

    items: int = 0
    done: int = 0
    """Items answered by as many annotators as the project wants."""
    answers: int = 0
    """As many as `Store.answers` has."""
    mine: int = 0
    """Answers of the annotator who asks, with those to repeats, so that nobody can tell by the count."""
    checked: int = 0
    """How many of the answers are to known ones; where everybody's progress is asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of somebody's history: the latest state of one item they had."""

    number: int
    item: Item
    annotation: Annotation


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of an annotator's answers and skips stand."""

    answered: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Versions:
    """The numbers under which project.yaml and the guidelines are kept."""

    labels: int = 1
    guidelines: int = 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What somebody's revisions come to."""

    turn: int
    """Of the latest of them; each save has a higher one."""
    revisions: int
    digest: str
    """Another one where any of them differs."""


@dataclass(frozen=True, slots=True)
class Sprint:
    """A stretch of work that somebody set a time for."""

    annotator: str
    started_at: str
    ended_at: str
    planned_ms: int
    active_ms: int
    """Hands and eyes at work."""
    items: int
    sound_ms: int
    """Length of the sounds that were answered."""


class Store(Reviewing, Protocol):
    """Where a project is kept."""

    def close(self) -> None: ...

    # the project

    def record_project(
        self,
        policy: Policy,
        source: str,
        guidelines: str,
        renames: Mapping[str, Mapping[str, str]],
        moved: Collection[str] = (),
    ) -> Versions:
        """Keep project.yaml and the guidelines where they changed, and what rules the queue.

        A changed text gets the next version number.  `renames` (task → old label → new
        label) is kept with the version; `answers` reads old answers under their new names, and suggestions have them.
        `moved`: the tasks that are not there any more, or were not there before; how far answers to them differ
        is judged anew.
        A raised or lowered `overlap` takes effect on items that are not finished.
        """
        ...

    def admit(self, people: Mapping[str, Role]) -> list[Finding]:
        """Let the database itself hold these people to their roles, as far as they have an access of their own."""
        ...

    def is_recorded(self, policy: Policy, source: str, guidelines: str) -> bool:
        """Whether `record_project` with these would change nothing."""
        ...

    def versions(self) -> Versions:
        """The versions in force."""
        ...

    def labels_in_use(self) -> Mapping[str, Mapping[str, int]]:
        """For each task id, the labels that latest answers and gold answers contain and how many do.

        Labels are as stored, after the renames recorded so far.
        """
        ...

    def answers_in_use(self) -> Iterator[Mapping[str, Any]]:
        """Latest answers and gold answers, by task id: all that a change of the tasks could make nonsense of."""
        ...

    # items in

    def staging(self) -> Staging:
        """Where records wait until all of them are read; one at a time, closed by who asked for it."""
        ...

    def conflicts(self, staging: Staging) -> Iterator[Conflict]:
        """Items in it that are in the way of others, or of what is there: all about them is left out of it."""
        ...

    def add(self, records: Iterable[Record] | Staging, progress: Callable[[int], None] | None = None) -> Added:
        """Bring records in, in their order.  An item whose key is there already is that item.

        Raises InputError when the key is there with other content, naming the key, unless `conflicts` was asked before.
        An answer that `annotator` has already given, the same, is not added again; nor is one that is older than
        the one of theirs that stands.

        All records are read, and conflicts with what is there refused, before anything is written: where
        `records` itself raises, nothing is there.  They are then written in short transactions, because people
        are at work: one for a million items would keep them waiting for many seconds.  So a full disk, a killed
        process, or somebody else who meanwhile brings in a key with other content can end it halfway; what is in then is
        whole records, and the same call again adds the rest.  `progress` is told the records of each transaction.
        """
        ...

    # suggestions in

    def askable(self, *, answered: bool = False) -> Iterator[tuple[int, Item]]:
        """Items that suggestions can be made for, by number: those nobody has answered, or all.

        Those with a known answer that are mixed into the queue are always among them.
        """
        ...

    def suggest(
        self, source: Source, tasks: Collection[str], found: Sequence[tuple[int, Sequence[Suggestion]]]
    ) -> Suggested:
        """Keep what a source suggests, for each item all of it about `tasks`; what is there already adds nothing.

        Suggestions of other versions of the source are withdrawn, except on items that somebody has in
        hand, left a draft of, or answered or skipped: there all stays as it is.  Done in transactions of
        a few milliseconds, so that people can work meanwhile; whoever claims an item after one sees it.
        """
        ...

    # one annotator at work

    def claim(self, annotator: str) -> Claim | None:
        """The item to work on now, or None when there is nothing for this annotator.

        In this order: an item already in their hands (the most recently reopened first), one that
        was sent back to them (the first return first), the qualification set until it is passed (nothing
        else is given out before), an item they left a draft of and that still wants someone, then the queue:
        never an item they have answered.  Items of people who are gone (lease over) are in the queue.

        By the policy's rates, and by a hash of annotator and turn so that nobody can tell when, the queue
        gives an item whose answer is known, or a twin of an item they answered long before: in place of the next
        item, so that none come when the queue is empty.  A twin has the item's own key.
        """
        ...

    def check_in_place(self) -> None:
        """Raises a StoreError where the project was moved or replaced while open: who only reads would not notice."""
        ...

    def upcoming(self, annotator: str) -> Item | None:
        """The item that a claim would probably give next, so that its sound can be at hand; claims nothing."""
        ...

    def submit(
        self,
        number: int,
        annotation: Annotation,
        save_id: str,
        *,
        draft: str = "",
        claim: bool = True,
        over: int | None = None,
    ) -> Claim | None:
        """Keep `annotation` as its author's next revision and claim the next item: one transaction.

        The same `save_id` again writes nothing and returns the claim: a retry after a lost
        acknowledgement.  An answer that comes after its lease ended is kept all the same.
        A correction of an answered item is submitted the same way.  `draft` is kept with the
        revision and given back when it is reopened, so that its undo history comes back too.

        Raises StoreOvertaken where an answer of theirs stands that is not revision `over` (0: none was known of).
        """
        ...

    def skip(
        self,
        number: int,
        annotation: Annotation,
        save_id: str,
        *,
        draft: str = "",
        claim: bool = True,
        over: int | None = None,
    ) -> Claim | None:
        """As `submit`, with the item left unanswered (status `skipped`, flags kept); `draft` comes back with it.

        By the policy it comes back to this annotator after all else (`later`), goes to others
        only (`others`), or leaves the queue (`out`).  Skipping what a reviewer sent back takes the
        answer out as well, and answers the return.  A skipped probe does not come back, but for
        one of the qualification set.
        """
        ...

    def reopen(self, annotator: str) -> Claim | None:
        """Undo this annotator's latest submit or skip, by a revision of status `undone`.

        The item is in their hands again; None when there is nothing left to undo.  Corrections are
        undone one revision at a time: the claim then has the revision before as `answered` and stays submitted.
        """
        ...

    def revisit(self, annotator: str, number: int) -> Claim | None:
        """An item of theirs to look at or correct: nothing changes until it is submitted again."""
        ...

    def half_corrected(self, annotator: str) -> Claim | None:
        """The item of their latest draft that changes an answer of theirs, where the item does not come back by itself."""
        ...

    def save_draft(self, annotator: str, number: int, draft: str, *, corrects: bool = False) -> None:
        """Keep unfinished work (empty: there is none any more) and extend the lease.

        `corrects`: it changes the answer that stands, and does not only look at it.
        """
        ...

    def heartbeat(self, annotator: str) -> None:
        """Extend the leases of someone whose terminal is alive."""
        ...

    def leave(self, annotator: str) -> None:
        """They go: items without a draft return to the queue at once, the others when the lease ends.

        So do those that they have in hand in another terminal, too: that one keeps its leases.
        """
        ...

    def history(self, annotator: str, before: int | None = None, limit: int = 50) -> list[Entry]:
        """Their answered and skipped items, the latest first.

        `before` continues after the entry of that item number.
        """
        ...

    def following(self, annotator: str, number: int) -> Entry | None:
        """The entry of `history` just after (later than) item `number`, None at the latest."""
        ...

    def add_sprint(self, sprint: Sprint) -> None:
        """Keep the line of a sprint that is over; nothing changes where it is there already, by when it began."""
        ...

    # figures

    def progress(self, annotator: str) -> Progress: ...

    def tallies(self) -> Mapping[str, Tally]:
        """Of everybody who has saved anything here, by name."""
        ...

    def source_counts(self) -> list[SourceCount]:
        """For each source and version, in order of name and arrival, what it suggests."""
        ...

    def judged(self) -> Iterator[Judged]:
        """Standing answers about items that a source was asked about, in the order of the items."""
        ...

    # items out

    def answers(self, *, annotator: str | None = None, history: bool = False) -> Iterator[tuple[Item, Annotation]]:
        """Latest submitted answers in the order of the items, then of the annotators.

        With `history`, every revision of every status, and drafts as status `draft`.
        Pages through the database: no long read transaction.
        """
        ...

    def unanswered(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        """Items nobody has answered, with their suggestions."""
        ...

    def with_suggestions(self) -> Iterator[tuple[Item, tuple[Suggestion, ...]]]:
        """All items in the order in which `answers` has them, with what is suggested about each."""
        ...

    # care

    def check(self) -> list[Finding]:
        """What works and what does not."""
        ...

    def fingerprints(self, upto: Mapping[str, int]) -> Mapping[str, tuple[Fingerprint, Fingerprint]]:
        """For each annotator the fingerprint of the revisions up to a turn, none where `upto` does not name them,
        and that of all.  Revisions are never changed, so the first stays the same for ever.
        """
        ...

    def backup(self, path: str) -> None:
        """A consistent copy, while people work."""
        ...
