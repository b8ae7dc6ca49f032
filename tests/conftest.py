"""Where real data is, if anywhere; which tests may not run beside each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def data_folder() -> Path:
    """Real labeled data, in the folder that TUI_LABEL_DATA names; tests on it skip where it is unset."""
    folder = os.environ.get("TUI_LABEL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TUI_LABEL_DATA is not set")
    return Path(folder)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that play, listen, or type into a terminal run one after the other: they measure time."""
    if item.path.relative_to(Path(__file__).parent).parts[0] in ("sound", "terminal", "fuzz"):
        item.add_marker(pytest.mark.xdist_group("in real time"))


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests leave unsaved is not the developer's."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
