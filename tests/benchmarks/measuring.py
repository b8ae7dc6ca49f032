"""What benchmarks share: floors, spreads, and the line that shows a figure beside its floor."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class BareCommits:
    """The floor of a save: one tiny durable commit of SQLite on the same disk."""

    def __init__(self, folder: Path, name: str = "floor.db") -> None:
        self._connection = sqlite3.connect(folder / name, isolation_level=None, timeout=60)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS tiny (number INTEGER)")

    def one(self) -> float:
        """Milliseconds of the next one."""
        begun = time.perf_counter()
        self._connection.execute("INSERT INTO tiny VALUES (1)")
        return (time.perf_counter() - begun) * 1000

    def close(self) -> None:
        self._connection.close()


HEAD = f"{'':<58} {'figure':>12} {'floor':>12} {'ratio':>7}  bar"


def row(what: str, figure: float, unit: str, floor: float | None = None, bar: str = "") -> None:
    """Print one line of the table."""
    shown = [f"{value:,.0f}" if value >= 100 else f"{value:.2f}" for value in (figure, floor) if value is not None]
    beside = f"{shown[1] + ' ' + unit:>12} {figure / floor:>7.2f}" if floor else f"{'':>12} {'':>7}"
    print(f"{what:<58} {shown[0] + ' ' + unit:>12} {beside}  {bar}", flush=True)
