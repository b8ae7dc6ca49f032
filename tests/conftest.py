"""Where real data is, if anywhere; which tests may not run beside each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

REAL_TIME = ("terminal/", "sound/test_playing", "sound/test_remote", "sound/test_wire")


@pytest.fixture
def data_folder() -> Path:
    """Real labeled data, in the folder that TUI_LABEL_DATA names; tests on it skip where it is unset."""
    folder = os.environ.get("TUI_LABEL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TUI_LABEL_DATA is not set")
    return Path(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that play, listen, or type into a terminal run one after the other: they measure time."""
    from xdist.scheduler import LoadScopeScheduling

    class OneInRealTime(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "in real time" if nodeid.removeprefix("tests/").startswith(REAL_TIME) else nodeid

    return OneInRealTime(config, log)


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests leave unsaved is not the developer's."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
