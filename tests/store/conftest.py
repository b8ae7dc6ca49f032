"""A new store of each backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import BACKENDS

from tui_label.store.base import Policy, Store


@pytest.fixture(params=BACKENDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Store]:
    def build(count: int = 0, policy: Policy | None = None, *, folder: str = "one", **named: object) -> Store:
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        return BACKENDS[request.param](place, count, policy, **named)

    return build
