"""What a store does for those who review: queues of cases, gold answers, comments, probes, figures.

The rules of `base` hold here too.  Nothing here changes or deletes an annotator's own
answer: gold answers, comments and returns stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tui_label.core.annotation import Annotation
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.opinions import Effort, Opinion, Repeat
from tui_label.core.renames import Names, Renames

QUESTIONS = "questions"
QUEUES = ("disagreements", "flagged", QUESTIONS, "fast", "slow", "sample", "corrected", "answered-back", "all")
"""
disagreements  two or more answers that differ, the worst first
flagged        with an open flag, by reason
questions      where an annotator asked and nobody has answered
fast, slow     answers suspiciously fast, the fastest first; suspiciously slow, the slowest first
sample         a share of each annotator's answers, by a hash of item and annotator: the same ones each time
corrected      with a gold answer that differs from somebody's answer
answered-back  sent back, and answered since
all            every answered item
"""
SETTLED_TOO = (QUESTIONS, "corrected", "all")
"""Queues that a settled answer takes nothing out of: who asks was told that an answer comes."""
UNDECIDED = ("flagged", "answered-back", "sample")
"""Queues of what nobody has decided about though a settled answer stands, too: what was said after it, or a rule settled."""


@dataclass(frozen=True, slots=True)
class Queue:
    """Which cases a reviewer goes through.  Empty fields do not restrict.

    Items that have a standing gold answer are left out, unless `settled_too`, but for `SETTLED_TOO` and what
    `UNDECIDED` says.  So is what was sent back in `disagreements`, `flagged`, `fast`,
    `slow` and `sample` before it was answered again.
    """

    name: str = "disagreements"
    annotator: str = ""
    task: str = ""
    label: str = ""
    flag: str = ""
    """A flag's reason."""
    since: str = ""
    until: str = ""
    """Answers submitted at or after, and before: ISO 8601 dates or times."""
    text: str = ""
    """Part of the item's text or key, any case."""
    settled_too: bool = False
    sample: float = 0.1
    """The share of each annotator's answers in `sample`."""
    too_fast_ms: int = 400
    """In `fast`: this and below always counts, besides what is far below the annotator's usual."""
    against: str = ""
    """With `label`: another label that somebody gave the same item."""

    items: tuple[int, ...] = ()
    """Only these, by their numbers."""

    @property
    def is_restricted(self) -> bool:
        of_answers = self.annotator, self.task, self.label, self.against, self.flag, self.since, self.until
        return any((*of_answers, self.text, self.items))


class Mark(NamedTuple):
    """How far a reviewer is in a queue: opaque, to be given back."""

    value: tuple[Any, ...]
    queue: Queue
    """Another queue goes by other keys, so there it says nothing."""


START = Mark((), Queue())
"""Before the first case."""


@dataclass(frozen=True, slots=True)
class Case:
    """One item on a reviewer's desk, with all that was said about it."""

    number: int
    item: Item
    versions: tuple[Annotation, ...]
    """The latest submitted answers, in the order of the annotators' names."""
    about: tuple[str, ...] = ()
    """The annotators for whose answers it is in the queue (the fast one, the sampled one, who flagged); empty: all."""
    gold: Gold | None = None
    """The standing gold answer."""
    comments: tuple[Comment, ...] = ()
    """In order of time."""
    suggestions: tuple[Suggestion, ...] = ()
    before: Mapping[str, Annotation] = field(default_factory=dict)
    """For each annotator who answered again after a return: the answer that was sent back."""
    returned: tuple[str, ...] = ()
    """Annotators it was sent back to who have not answered yet."""
    skipped: tuple[Annotation, ...] = ()
    """The latest revisions that leave it unanswered: a flag there is often why the item is in a queue."""
    mark: Mark = START
    draft: str = ""
    """What the reviewer who asked has decided so far, as the bench wrote it."""
    renames: Renames = field(default_factory=Renames)
    """Of labels, which `draft` has as it was written."""


@dataclass(frozen=True, slots=True)
class Change:
    """One new version of the guidelines or of the labels, to be told to an annotator."""

    kind: str
    """`guidelines` or `labels`."""
    number: int
    """The latest version's."""
    before: str
    """The text they worked under; of the labels it is project.yaml's."""
    after: str
    at: str
    names: Names = field(default_factory=dict)
    """What became of labels since."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at the qualification set; with `of` 0 a lead's word instead: a pass, or leave for one more go."""

    annotator: str
    right: float
    """Sum of the agreement with the known answers, 1 for an item that is all right."""
    of: int
    passed: bool
    at: str = ""

    @property
    def is_leave(self) -> bool:
        return not self.of and not self.passed


@dataclass(frozen=True, slots=True)
class Testimony:
    """All that is known of one item's right answer: for `export --settled` and `--auto-settle`."""

    number: int
    item: Item
    versions: tuple[Annotation, ...]
    gold: Gold | None
    pending: bool = False
    """Whether it waits for somebody: for the answer to a question, an open flag, or a return."""


class Reviewing(Protocol):
    """The part of a store that leads use."""

    # cases

    def next_case(self, queue: Queue, reviewer: str, after: Mark | None = None) -> Case | None:
        """The first case behind `after` that no other reviewer has in hand: from the start where it is None, or of
        another queue.

        It is in this reviewer's hands for the lease, instead of the one before.
        """
        ...

    def case(self, number: int, reviewer: str = "") -> Case | None:
        """One case by the item's number, with the draft of this reviewer; nobody's hands change."""
        ...

    def hold_case(self, number: int, reviewer: str, draft: str | None = None) -> bool:
        """Keep a case in this reviewer's hands for another lease, or take it there; False where another one has it.

        `draft` (opaque; empty: there is none any more) is kept until the case is settled, or sent back by them.
        """
        ...

    def unfinished(self, queue: Queue, reviewer: str) -> Case | None:
        """The case of this queue that this reviewer left last with a draft, in hand again; None where there is none."""
        ...

    def find_item(self, key: str) -> int | None:
        """The number of the item with this key."""
        ...

    def left_in(self, queue: Queue, most: int = 10_000) -> int:
        """How many cases are in a queue, counted up to `most`."""
        ...

    def release_case(self, reviewer: str) -> None:
        """They put down what they had in hand; a draft of it waits for them."""
        ...

    # outcomes

    def settle(self, number: int, gold: Gold, save_id: str, comments: Sequence[Comment] = (), over: int = 0) -> bool:
        """Keep a gold answer as the item's next revision, with comments, in one transaction.

        It takes the place of revision `over` (0: of none); False, and nothing changes, where another one stands.
        The same `save_id` again writes nothing.
        """
        ...

    def settle_many(self, golds: Sequence[tuple[int, Gold]]) -> int:
        """Many, those only that have no standing gold answer; how many that were.

        Each is kept whole, but not all together: annotators get their turn in between.
        """
        ...

    def withdraw(self, number: int, reviewer: str) -> Gold | None:
        """Undo the gold answer that they settled or accepted, by a revision `withdrawn`, or by a copy of the one that
        stood before it.  What was told with it is taken back, but from those who have read it.

        The one that was undone; None, and nothing changes, where the one that stands is not theirs.
        """
        ...

    def latest_settled(self, reviewer: str) -> int | None:
        """The item they settled or accepted last, of those whose gold answer is still the one they gave."""
        ...

    def send_back(self, number: int, annotators: Sequence[str], comment: Comment) -> None:
        """The item returns to each of these annotators before all else, the comment shown with it.

        Their answers stand until they submit again.  A standing gold answer stands on.
        """
        ...

    def take_back(self, number: int, annotators: Sequence[str], reviewer: str) -> None:
        """Undo their return that was not answered yet; their unread comments on it go.

        Where another reviewer sent the item back as well, it stays on its way.
        """
        ...

    def end_returns(self, annotators: Sequence[str]) -> None:
        """Undo all returns to them that were not answered yet: nobody will, and until then the items are in no queue."""
        ...

    def sent_back(self) -> dict[str, int]:
        """How many answers wait for each annotator to be corrected, by name; who has none is not in it."""
        ...

    def requeue(self, task: str, label: str, before: int, comment: Comment, but: Sequence[str] = ()) -> int:
        """Send back every latest answer to `task` that has `label` (empty: any) and was given under guidelines
        older than version `before`, but those of some annotators; how many.  The comment goes to each of theirs.
        A few at a time, as with `settle_many`.
        """
        ...

    # talking

    def say(self, number: int, *comments: Comment) -> None:
        """Keep comments on an item, all of them or none."""
        ...

    def unsay(self, number: int, author: str) -> bool:
        """Take back their latest comment or question on an item, as far as nobody has read it; whether it was."""
        ...

    def inbox(self, reader: str | None, *, unread_only: bool = True) -> list[tuple[int, Item, Comment]]:
        """Comments for an annotator, or (None) for the reviewers, with the item's number; the latest first."""
        ...

    def unread(self, reader: str | None) -> int:
        """How many comments wait for them."""
        ...

    def mark_read(self, reader: str | None, number: int) -> None:
        """They have seen the comments on item `number` that are for them."""
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """All on one item, in order of time."""
        ...

    # guidelines

    def news(self, annotator: str) -> tuple[Change, ...]:
        """What changed since they were last told.  Someone new has been told all."""
        ...

    def changes(self) -> tuple[Change, ...]:
        """Every version of the guidelines and of the labels, each beside the one before it (the first: beside nothing)."""
        ...

    def told(self, annotator: str) -> None:
        """They have read the news."""
        ...

    # known answers

    def attempts(self, annotator: str) -> list[Attempt]:
        """Goes at the qualification set, the first one first."""
        ...

    def used_up(self) -> list[str]:
        """Who has made all attempts that the project and its leads give them, and passed none: they wait for a lead."""
        ...

    def keep_attempt(self, attempt: Attempt, *, again: bool) -> None:
        """Keep how it went; with `again` the whole set is asked once more."""
        ...

    def qualification(self, annotator: str) -> list[tuple[Item, Annotation | None, Gold]]:
        """The qualification set with their latest answers (None: not answered in this attempt)."""
        ...

    def known(self, annotator: str | None = None) -> Iterator[tuple[int, Gold]]:
        """Every item number with a standing gold answer, in order of the items.

        With a name, those alone that this annotator has answered.
        """
        ...

    def repeats(self, annotator: str | None = None) -> Iterator[Repeat]:
        """Of everybody, or of one annotator, in order of the items."""
        ...

    # figures and items out

    def opinions(self, annotator: str | None = None) -> Iterator[Opinion]:
        """Latest submitted answers in the order of the items, then of the annotators; no repeats, no qualification.

        With a name, that annotator's alone.
        """
        ...

    def most_candidates(self) -> int:
        """How many there are of the item to compare that has the most."""
        ...

    def testimonies(self) -> Iterator[Testimony]:
        """Every item that has an answer or a gold one, in order."""
        ...

    def efforts(self, since: Mapping[str, int] | None = None, annotator: str | None = None) -> Iterator[Effort]:
        """Revisions whose turn is beyond `since` (annotator → turn), in no order; all where None, or
        all of one annotator.

        Answers that were brought in are there too, with no time spent.
        """
        ...
