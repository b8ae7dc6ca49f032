"""Two or more texts side by side: which is better, or in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

from tui_label.core.item import Item, candidate_names
from tui_label.core.tasks.base import Task, are_labels
from tui_label.core.text import letters

TIE = "tie"


@dataclass(frozen=True)
class Compare(Task):
    """`mode: pick`: the value is the name of the better candidate (`"A"`, `"B"` …) or `"tie"`.
    `mode: rank`: all names, best first.
    """

    mode: str = "pick"
    tie: bool = True

    kind: ClassVar[str] = "compare"
    options: ClassVar[Mapping[str, tuple[type, ...]]] = {"mode": (str,), "tie": (bool,)}
    needs_labels: ClassVar[bool] = False
    takes_labels: ClassVar[bool] = False

    @property
    def one_key(self) -> bool:
        return self.mode == "pick"

    @property
    def type(self) -> str:
        return f"{self.kind} ({self.mode})"

    def problems(self) -> list[tuple[str, str]]:
        if self.mode not in ("pick", "rank"):
            return [("mode", "must be pick or rank")]
        return []

    def fits(self, value: Any) -> bool:
        return are_labels(value) if self.mode == "rank" else isinstance(value, str)

    def answers(self, candidates: int) -> tuple[str, ...]:
        """All there are to pick from so many candidates."""
        return (*letters(candidates), TIE) if self.tie else letters(candidates)

    def check(self, value: Any, item: Item) -> str:
        names = candidate_names(item)
        if len(names) < 2:
            return "needs an item with at least two candidates"
        if self.mode == "rank":
            if not isinstance(value, list) or sorted(map(str, value)) != list(names):
                return f"must rank each of {', '.join(names)} once"
            return ""
        allowed = self.answers(len(names))
        if value not in allowed:
            return f"must be one of {', '.join(allowed)}, not {value!r}"
        return ""

    def agreement(self, one: Any, other: Any) -> float:
        """Of rankings the share of pairs in the same order: (1 + Kendall's tau) / 2 (Kendall 1938)."""
        if not isinstance(one, list) or not isinstance(other, list) or sorted(one) != sorted(other) or len(one) < 2:
            return float(one == other)
        place = {name: at for at, name in enumerate(other)}
        pairs = [place[better] < place[worse] for better, worse in combinations(one, 2)]
        return sum(pairs) / len(pairs)
