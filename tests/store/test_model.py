"""Random work by annotators and reviewers, compared step by step with a model in plain Python.

The model says exactly who may get what: items in hand, returns, drafts, the queue by priority
with items mixed in whose answer is known, skipped ones last; and what reviewers see of it.  It
uses the Store's own methods only, so any backend can be held to it.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from desk import expected, usual_bounds, walk
from helpers import BACKENDS

from tui_label.core.annotation import Annotation, Flag, Timing
from tui_label.core.comments import Comment
from tui_label.core.gold import Gold
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store import queue
from tui_label.store.base import Policy, Store
from tui_label.store.reviewing import QUEUES, Case, Queue
from tui_label.store.standing import pairs_that_differ

LEASE_MS = 10_000
GOLD_RATE = 0.3
ROUNDS = int(os.environ.get("TUI_LABEL_ROUNDS", "36"))
Pair = tuple[int, str]
RESTRICTIONS: list[dict[str, Any]] = [
    {},
    {},
    {"annotator": "p0"},
    {"annotator": "nobody"},
    {"task": "t"},
    {"label": "b"},
    {"task": "t", "label": "a", "annotator": "p1"},
    {"task": "other"},
    {"flag": "ambiguous"},
    {"since": "2026-01-01T00:00:30"},
    {"until": "2026-01-01T00:01", "flag": "bad-item"},
    {"text": "TEXT 1"},
]


@dataclass
class Model:
    """What a store with one skip policy should think."""

    overlap: int
    order: str
    skip: str
    now: int = 1_700_000_000_000
    priority: dict[int, int] = field(default_factory=dict)
    score: dict[int, float] = field(default_factory=dict)
    started: set[int] = field(default_factory=set)
    hands: dict[Pair, list[int]] = field(default_factory=dict)
    """(reopened at, lease until) of what people hold."""
    standing: dict[Pair, list[tuple[str, int, str, str]]] = field(default_factory=lambda: defaultdict(list))
    """(status, turn, answer, draft) of the revisions that were not undone."""
    undone: set[Pair] = field(default_factory=set)
    """Of which the last save was undone."""
    drafts: dict[Pair, str] = field(default_factory=dict)
    turn: int = 0
    checks: set[int] = field(default_factory=set)
    """Items whose answer is known: in no queue, but mixed into it."""
    returns: dict[int, list[Any]] = field(default_factory=dict)
    """By their order: the pair, the answer that was sent back, and the turn it was answered at (0: not yet)."""
    golds: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The gold answers of an item that `withdraw` would come back to, the standing one last."""

    def done(self, item: int) -> int:
        return sum(self.state((item, name)) == "submitted" for i, name in list(self.standing) if i == item)

    def state(self, pair: Pair) -> str:
        if pair in self.hands:
            return "held"
        return self.standing[pair][-1][0] if self.standing[pair] else ""

    def is_reopened(self, pair: Pair) -> bool:
        """Whether what they have in hand, or their answer that stands, came back by an undo."""
        return bool(self.hands[pair][0]) if pair in self.hands else pair in self.undone

    def draft(self, pair: Pair) -> str:
        """What they have begun, also before a skip that stands."""
        skipped = [one[3] for one in self.standing[pair][-1:] if one[0] == "skipped"]
        return self.drafts.get(pair) or "".join(skipped)

    def open(self, item: int) -> bool:
        out = self.skip == "out" and any(self.state(p) == "skipped" for p in list(self.standing) if p[0] == item)
        return self.taken(item) < self.overlap and not out

    def taken(self, item: int) -> int:
        people = {p for p in [*self.standing, *self.hands] if p[0] == item}
        return sum(self.state(pair) in ("held", "submitted") for pair in people)

    def expire(self, me: str) -> None:
        for pair, (_, until) in list(self.hands.items()):
            if pair[1] != me and until < self.now:
                del self.hands[pair]

    def rank(self, item: int) -> tuple[float, ...]:
        if self.order == "uncertain-first":
            return (self.score.get(item, 2.0), item)
        return (0,) if self.order == "random" else (item,)

    def returned(self, me: str) -> list[int]:
        """Items that were sent back to somebody whose answer still stands, the first return first."""
        open_ones = [pair for _, (pair, _, answered) in sorted(self.returns.items()) if not answered]
        return [pair[0] for pair in open_ones if pair[1] == me and self.state(pair) == "submitted"]

    def candidates(self, me: str) -> list[int]:
        """The items one of which must be handed out; empty for None."""
        held = {item: reopened for (item, name), (reopened, _) in self.hands.items() if name == me}
        if held:
            return [min(held, key=lambda item: (-held[item], item))]
        if returned := self.returned(me):
            return returned[:1]
        mine = [item for item in self.priority if self.state((item, me)) == "" and self.open(item)]
        known = [item for item in self.checks if self.state((item, me)) == ""]
        if drafted := [item for item in mine + known if (item, me) in self.drafts]:
            return [min(drafted)]
        if mine:
            return self.queued(mine) + known
        later = [item for item in self.priority if self.state((item, me)) == "skipped" and self.open(item)]
        if self.skip == "later" and later:
            return [min(later, key=lambda item: self.standing[item, me][-1][1])]
        return []

    def queued(self, mine: list[int]) -> list[int]:
        urgency = self.priority if self.order == "priority" else dict.fromkeys(self.priority, 0)
        top = [item for item in mine if urgency[item] == max(urgency[one] for one in mine)]
        if again := [item for item in top if item in self.started]:
            return again
        return [item for item in top if self.rank(item) == min(map(self.rank, top))]

    def give(self, me: str, item: int) -> None:
        if self.state((item, me)) == "submitted":
            # Sent back: it stays theirs without a lease
            return
        self.started.add(item)
        reopened = self.hands[item, me][0] if (item, me) in self.hands else 0
        self.hands[item, me] = [reopened, self.now + LEASE_MS]

    def finish(self, me: str, item: int, status: str, answer: str, draft: str) -> None:
        self.turn += 1
        self.started.add(item)
        self.hands.pop((item, me), None)
        self.undone.discard((item, me))
        self.drafts.pop((item, me), None)
        self.standing[item, me].append((status, self.turn, answer, draft))
        for one in self.returns.values():
            if one[0] == (item, me) and not one[2]:
                one[2] = self.turn

    def reopen(self, me: str) -> int | None:
        mine = [p for p in list(self.standing) if p[1] == me and self.state(p) in ("submitted", "skipped")]
        if not mine:
            return None
        pair = max(mine, key=lambda pair: self.standing[pair][-1][1])
        _, turn, _, draft = self.standing[pair].pop()
        self.undone.add(pair)
        for one in self.returns.values():
            if one[0] == pair and one[2] == turn:
                one[2] = 0
        self.turn += 1
        if not (self.standing[pair] and self.standing[pair][-1][0] == "submitted"):
            self.hands[pair] = [self.turn, self.now + LEASE_MS]
        if draft:
            self.drafts[pair] = draft
        return pair[0]


class Work:
    """One random working day on a store and on the model."""

    def __init__(self, seed: int, store: Store, model: Model, rng: random.Random) -> None:
        self.seed, self.store, self.model, self.rng = seed, store, model, rng
        self.people = [f"p{n}" for n in range(rng.randint(1, 5))]
        self.screen: dict[str, int] = {}
        """What each of them sees, whether or not they still hold it."""
        self.saves = 0

    def add(self, count: int) -> None:
        first, records = len(self.model.priority) + len(self.model.checks), []
        for n in range(first + 1, first + count + 1):
            if self.rng.random() < 0.2:
                gold = Gold("lead", {"t": self.rng.choice("ab")})
                records.append(Record(Item(f"i{n}", f"text {n}"), gold=gold, probe="check"))
                self.model.checks.add(n)
                self.model.golds[n].append(gold.answers["t"])
                continue
            self.model.priority[n] = self.rng.choice([0, 0, 1, 5])
            suggestions: tuple[Suggestion, ...] = ()
            if self.rng.random() < 0.5:
                self.model.score[n] = self.rng.randrange(10) / 10
                suggestions = (Suggestion("t", "x", self.model.score[n]),)
            records.append(Record(Item(f"i{n}", f"text {n}"), suggestions, priority=self.model.priority[n]))
        self.store.add(records)

    def step(self) -> None:
        act = self.rng.choices(
            [
                self.claim,
                self.finish,
                self.back,
                self.correct,
                self.draft,
                self.leave,
                self.wait,
                self.change,
                self.more,
                self.send_back,
                self.take_back,
                self.settle,
                self.withdraw,
            ],
            [30, 60, 12, 6, 8, 4, 8, 1, 1, 4, 1, 4, 2],
        )[0]
        act(self.rng.choice(self.people))

    def expect(self, me: str, number: int | None) -> None:
        self.model.expire(me)
        allowed = self.model.candidates(me)
        assert (number in allowed) if allowed else number is None, (self.seed, me, number, allowed)
        if number is not None:
            self.model.give(me, number)
            self.screen[me] = number
        else:
            self.screen.pop(me, None)

    def claim(self, me: str) -> None:
        claim = self.store.claim(me)
        self.expect(me, claim and claim.number)
        if claim:
            pair = claim.number, me
            assert claim.item.key == f"i{claim.number}"
            assert claim.draft == self.model.draft(pair)
            assert bool(claim.reopened) == self.model.is_reopened(pair)
            assert claim.returned == any(one[0] == pair and not one[2] for one in self.model.returns.values())
            assert bool(claim.comments) == claim.returned or not claim.returned
            assert claim.known is None

    def finish(self, me: str, number: int | None = None) -> None:
        number = number or self.screen.get(me)
        if number is None:
            return
        self.saves += 1
        status = self.rng.choices(["submitted", "skipped"], [4, 1])[0]
        answer, draft = self.rng.choice("aab"), self.rng.choice(["", f'{{"n": {self.saves}}}'])
        flag = self.rng.choice(["", "", "ambiguous", "bad-item"])
        annotation = Annotation(
            me,
            status,
            {"t": answer} if status == "submitted" else {},
            (Flag(flag),) if flag else (),
            submitted_at=f"2026-01-01T00:{self.saves // 60:02}:{self.saves % 60:02}.000Z",
            timing=Timing(self.rng.choice([0, 100, 300, 1000, 2000, 3000, 100_000])),
        )
        act = self.store.submit if status == "submitted" else self.store.skip
        goes_on = self.rng.random() < 0.8
        claim = act(number, annotation, f"save-{self.saves}", draft=draft, claim=goes_on)
        self.model.finish(me, number, status, answer, draft)
        self.screen.pop(me, None)
        if goes_on:
            self.expect(me, claim and claim.number)
        if self.rng.random() < 0.1:
            again = act(number, annotation, f"save-{self.saves}", draft=draft)
            self.expect(me, again and again.number)

    def back(self, me: str) -> None:
        claim = self.store.reopen(me)
        number = self.model.reopen(me)
        assert (claim and claim.number) == number, (self.seed, me)
        if claim:
            assert claim.draft == self.model.draft((claim.number, me))
            standing = self.model.standing[claim.number, me]
            before = standing[-1][2] if standing and standing[-1][0] == "submitted" else None
            assert (claim.answered.answers["t"] if claim.answered else None) == before

    def correct(self, me: str) -> None:
        history = self.store.history(me)
        expected = sorted(
            (p for p in list(self.model.standing) if p[1] == me and self.model.state(p) in ("submitted", "skipped")),
            key=lambda pair: -self.model.standing[pair][-1][1],
        )
        assert [entry.number for entry in history] == [item for item, _ in expected][:50]
        if history:
            self.finish(me, self.rng.choice(history).number)

    def draft(self, me: str) -> None:
        if number := self.screen.get(me):
            text = self.rng.choice(["", '{"answers": {"t": "half"}}'])
            self.store.save_draft(me, number, text)
            self.model.drafts[number, me] = text
            if not text:
                del self.model.drafts[number, me]
            self._beat(me)

    def _beat(self, me: str) -> None:
        for pair, hand in self.model.hands.items():
            if pair[1] == me:
                hand[1] = self.model.now + LEASE_MS

    def leave(self, me: str) -> None:
        self.store.leave(me)
        for pair in [p for p in self.model.hands if p[1] == me and p not in self.model.drafts]:
            del self.model.hands[pair]
        self.screen.pop(me, None)

    def wait(self, me: str) -> None:
        self.model.now += self.rng.choice([10, 3_000, LEASE_MS + 1])
        self.store.heartbeat(me)
        self._beat(me)

    def change(self, _: str) -> None:
        self.model.overlap = self.rng.randint(1, 3)
        self.model.order = self.rng.choice(["priority", "random", "as-added", "uncertain-first"])
        self.store.record_project(
            Policy(self.model.overlap, self.model.order, LEASE_MS, self.model.skip, GOLD_RATE),
            "source",
            "guidelines",
            {},
        )

    def more(self, _: str) -> None:
        self.add(self.rng.randint(1, 3))

    def some_item(self) -> int:
        return self.rng.randint(1, len(self.model.priority) + len(self.model.checks))

    def send_back(self, _: str) -> None:
        number = self.some_item()
        who = self.rng.sample(self.people, self.rng.randint(1, len(self.people)))
        self.store.send_back(number, who, Comment("lead", "Look again."))
        for me in who:
            pair = number, me
            on_the_way = any(one[0] == pair and not one[2] for one in self.model.returns.values())
            if self.model.state(pair) == "submitted" and not on_the_way:
                order = max(self.model.returns, default=0) + 1
                self.model.returns[order] = [pair, self.model.standing[pair][-1][2], 0]

    def take_back(self, _: str) -> None:
        open_ones = [order for order, one in self.model.returns.items() if not one[2]]
        if open_ones:
            order = self.rng.choice(open_ones)
            number, me = self.model.returns.pop(order)[0]
            self.store.take_back(number, [me], "lead")

    def settle(self, _: str) -> None:
        number, answer = self.some_item(), self.rng.choice("ab")
        self.saves += 1
        case = self.store.case(number)
        over = case.gold.revision if case and case.gold else 0
        for _ in range(self.rng.choice([1, 1, 2])):
            assert self.store.settle(number, Gold("lead", {"t": answer}), f"gold-{self.saves}", over=over)
        self.model.golds[number].append(answer)

    def withdraw(self, _: str) -> None:
        number = self.some_item()
        stood = self.model.golds[number]
        theirs = len(stood) > (number in self.model.checks)
        gold = self.store.withdraw(number, "lead")
        assert (gold.answers["t"] if gold else None) == (stood.pop() if theirs else None), (self.seed, number)

    def cases(self) -> list[Case]:
        """What reviewers see, once it is what the model says."""
        found = []
        for number in sorted([*self.model.priority, *self.model.checks]):
            case = self.store.case(number)
            assert case is not None
            said = {me: self.model.standing[number, me][-1] for me in self.people if self.model.standing[number, me]}
            for status, versions in (("submitted", case.versions), ("skipped", case.skipped)):
                there = [me for me in sorted(said) if self.model.state((number, me)) == status]
                assert [one.annotator for one in versions] == there, (self.seed, number)
            assert [one.answers["t"] for one in case.versions] == [said[one.annotator][2] for one in case.versions]
            stood = self.model.golds[number]
            assert (case.gold.answers["t"] if case.gold else None) == (stood[-1] if stood else None)
            open_ones = {one[0][1] for one in self.model.returns.values() if one[0][0] == number and not one[2]}
            answered = {
                one[0][1]: one[1]
                for _, one in sorted(self.model.returns.items())
                if one[0][0] == number and one[2] and one[0][1] not in open_ones
            }
            assert case.returned == tuple(sorted(open_ones)), (self.seed, number)
            assert {me: one.answers["t"] for me, one in case.before.items()} == answered, (self.seed, number)
            found.append(case)
        return found

    def spent(self) -> dict[tuple[str, str], int]:
        """By item and annotator the active time of all revisions that stand."""
        stacks: dict[tuple[str, str], list[int]] = {}
        for item, one in self.store.answers(history=True):
            stack = stacks.setdefault((item.key, one.annotator), [])
            if one.status != "undone":
                stack.append(one.timing.active)
            elif stack:
                stack.pop()
        return {pair: sum(stack) for pair, stack in stacks.items()}

    def look_through_queues(self) -> None:
        spent = self.spent()
        cases = [
            replace(
                case,
                versions=tuple(
                    replace(one, timing=Timing(spent[case.item.key, one.annotator])) for one in case.versions
                ),
            )
            for case in self.cases()
        ]
        times: dict[str, list[int]] = {me: [] for me in self.people}
        for me in self.people:
            for entry in reversed(self.store.history(me, limit=1000)):
                times[me].append(spent[entry.item.key, me] if entry.annotation.status == "submitted" else 0)
        bounds = usual_bounds(times, 400)
        for name in QUEUES:
            if name in ("sample", "answered-back"):
                continue
            restricted = self.rng.choice(RESTRICTIONS) | {"settled_too": self.rng.random() < 0.3}
            queue = Queue(name, **restricted)
            found = expected(queue, cases, bounds, pairs_that_differ)
            assert walk(self.store, queue) == found, (self.seed, queue)
            assert self.store.left_in(queue) == len(found), (self.seed, queue)
        self.look_at_returns(cases)

    def look_at_returns(self, cases: list[Case]) -> None:
        answered: dict[int, set[str]] = {}
        for _, ((number, me), _, turn) in sorted(self.model.returns.items()):
            here = cases[number - 1]
            if turn and me not in here.returned and me in [one.annotator for one in (*here.versions, *here.skipped)]:
                answered.setdefault(number, set()).add(me)
        found = [(number, tuple(sorted(who))) for number, who in answered.items()]
        assert walk(self.store, Queue("answered-back", settled_too=True)) == found, self.seed
        open_ones = []
        for number, who in found:
            here, since = cases[number - 1], cases[number - 1].gold.at if cases[number - 1].gold else ""
            newer = {one.annotator for one in (*here.versions, *here.skipped) if one.submitted_at > since}
            open_ones += [(number, left)] if (left := tuple(sorted(newer & {*who}))) else []
        assert walk(self.store, Queue("answered-back")) == open_ones, self.seed

    def compare(self) -> None:
        assert [words for good, words in self.store.check() if not good] == []
        self.look_through_queues()
        model = self.model
        said = {pair: standing[-1] for pair, standing in model.standing.items() if standing}
        submitted = {pair: one[2] for pair, one in said.items() if model.state(pair) == "submitted"}
        answers = [((int(item.key[1:]), one.annotator), one.answers["t"]) for item, one in self.store.answers()]
        assert answers == sorted(submitted.items())
        for me in self.people:
            progress = self.store.progress(me)
            assert progress.items == len(model.priority)
            assert progress.done == sum(model.done(item) >= model.overlap for item in model.priority)
            assert (progress.answers, progress.mine) == (len(submitted), sum(name == me for _, name in submitted))
        assert [(o.number, o.annotator, o.answers["t"]) for o in self.store.opinions()] == [
            (*pair, answer) for pair, answer in answers
        ]
        assert {number: gold.answers["t"] for number, gold in self.store.known()} == {
            number: stood[-1] for number, stood in model.golds.items() if stood
        }
        skipped = {name: one.skipped for name, one in self.store.tallies().items()}
        for me in self.people:
            expected = sum(pair[1] == me and one[0] == "skipped" for pair, one in said.items())
            assert skipped.get(me, 0) == expected, (self.seed, me)


@pytest.mark.parametrize(
    ("backend", "seed"),
    [(backend, seed) for backend in BACKENDS for seed in range(ROUNDS if backend == "sqlite" else 4)],
)
def test_a_store_does_what_the_model_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str, seed: int
) -> None:
    rng = random.Random(seed)
    if seed % 2:
        # So that a handful of items is enough for marks and for scans that are cut short
        monkeypatch.setattr(queue, "LOOKS", (1, 2))
        monkeypatch.setattr(queue, "MARK_AFTER", 0)
    model = Model(
        rng.randint(1, 3),
        rng.choice(["priority", "random", "as-added", "uncertain-first"]),
        rng.choice(["later", "others", "out"]),
    )
    policy = Policy(model.overlap, model.order, LEASE_MS, model.skip, GOLD_RATE)
    store = BACKENDS[backend](tmp_path, 0, policy, clock=lambda: model.now)
    work = Work(seed, store, model, rng)
    work.add(rng.randint(3, 20))
    for n in range(150):
        work.step()
        if n % 10 == 0:
            work.compare()
    work.compare()
    store.close()
