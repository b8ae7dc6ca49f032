"""Random work by several people, compared step by step with a model in plain Python.

The model says exactly who may get what: items in hand, drafts, the queue by priority,
skipped ones last.  It uses the Store's own methods only, so any backend can be held to it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from helpers import new_store

from tui_label.core.annotation import Annotation
from tui_label.core.item import Item, Suggestion
from tui_label.core.record import Record
from tui_label.store import queue
from tui_label.store.base import Policy, Store

BACKENDS = {"sqlite": new_store}
LEASE_MS = 10_000
Pair = tuple[int, str]


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
    drafts: dict[Pair, str] = field(default_factory=dict)
    turn: int = 0

    def done(self, item: int) -> int:
        return sum(self.state((item, name)) == "submitted" for i, name in list(self.standing) if i == item)

    def state(self, pair: Pair) -> str:
        if pair in self.hands:
            return "held"
        return self.standing[pair][-1][0] if self.standing[pair] else ""

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

    def candidates(self, me: str) -> list[int]:
        """The items one of which must be handed out; empty for None."""
        held = {item: reopened for (item, name), (reopened, _) in self.hands.items() if name == me}
        if held:
            return [min(held, key=lambda item: (-held[item], item))]
        mine = [item for item in self.priority if self.state((item, me)) == "" and self.open(item)]
        if drafted := [item for item in mine if (item, me) in self.drafts]:
            return [min(drafted)]
        if mine:
            urgency = self.priority if self.order == "priority" else dict.fromkeys(self.priority, 0)
            top = [item for item in mine if urgency[item] == max(urgency[one] for one in mine)]
            if again := [item for item in top if item in self.started]:
                return again
            return [item for item in top if self.rank(item) == min(map(self.rank, top))]
        later = [item for item in self.priority if self.state((item, me)) == "skipped" and self.open(item)]
        if self.skip == "later" and later:
            return [min(later, key=lambda item: self.standing[item, me][-1][1])]
        return []

    def give(self, me: str, item: int) -> None:
        self.started.add(item)
        reopened = self.hands[item, me][0] if (item, me) in self.hands else 0
        self.hands[item, me] = [reopened, self.now + LEASE_MS]

    def finish(self, me: str, item: int, status: str, answer: str, draft: str) -> None:
        self.turn += 1
        self.started.add(item)
        self.hands.pop((item, me), None)
        self.drafts.pop((item, me), None)
        self.standing[item, me].append((status, self.turn, answer, draft))

    def reopen(self, me: str) -> int | None:
        mine = [p for p in list(self.standing) if p[1] == me and self.state(p) in ("submitted", "skipped")]
        if not mine:
            return None
        pair = max(mine, key=lambda pair: self.standing[pair][-1][1])
        *_, draft = self.standing[pair].pop()
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
        first, records = len(self.model.priority), []
        for n in range(first + 1, first + count + 1):
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
            ],
            [30, 60, 12, 6, 8, 4, 8, 1, 1],
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
            assert claim.item.key == f"i{claim.number}"
            assert claim.draft == self.model.drafts.get((claim.number, me), "")
            assert claim.reopened == bool(self.model.hands[claim.number, me][0])

    def finish(self, me: str, number: int | None = None) -> None:
        number = number or self.screen.get(me)
        if number is None:
            return
        self.saves += 1
        status = self.rng.choices(["submitted", "skipped"], [4, 1])[0]
        answer, draft = f"a{self.saves}", self.rng.choice(["", f'{{"n": {self.saves}}}'])
        annotation = Annotation(me, status, {"t": answer} if status == "submitted" else {})
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
            assert claim.draft == self.model.drafts.get((claim.number, me), "")
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
            Policy(self.model.overlap, self.model.order, LEASE_MS, self.model.skip), "source", "guidelines", {}
        )

    def more(self, _: str) -> None:
        self.add(self.rng.randint(1, 3))

    def compare(self) -> None:
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
        skipped = {one.annotator: one.skipped for one in self.store.people(0)}
        for me in self.people:
            expected = sum(pair[1] == me and one[0] == "skipped" for pair, one in said.items())
            assert skipped.get(me, 0) == expected, (self.seed, me)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(80))
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
    policy = Policy(model.overlap, model.order, LEASE_MS, model.skip)
    store = BACKENDS[backend](tmp_path, 0, policy, clock=lambda: model.now)
    work = Work(seed, store, model, rng)
    work.add(rng.randint(3, 20))
    for n in range(150):
        work.step()
        if n % 10 == 0:
            work.compare()
    work.compare()
    store.close()
