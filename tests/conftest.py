"""Where real data is, if anywhere; which tests may not run beside each other."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes is the machine's matter
settings.register_profile("everyday", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("everyday")

# Tests start some hundred programs: none is to compile all that it imports
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

HEARD = ("terminal/test_sound", "terminal/test_ssh", "sound/test_playing", "sound/test_remote", "sound/test_wire")
TYPED = ("terminal/",)


@pytest.fixture
def data_folder() -> Path:
    """Real labeled data, in the folder that TUI_LABEL_DATA names; tests on it skip where it is unset."""
    folder = os.environ.get("TUI_LABEL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("TUI_LABEL_DATA is not set")
    return Path(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that play and listen run one after the other, and so do those that type into a terminal: they measure time."""
    from xdist.scheduler import LoadScopeScheduling

    class TwoInRealTime(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return in_real_time(nodeid) or nodeid

    return TwoInRealTime(config, log)


def in_real_time(nodeid: str) -> str:
    """The row that a test stands in; empty if in none."""
    path = nodeid.removeprefix("tests/")
    return "heard" if path.startswith(HEARD) else "typed" if path.startswith(TYPED) else ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Those that listen go first, then those that type; both rows, the longest, are begun first."""
    row = in_real_time(item.nodeid)
    if "PYTEST_XDIST_WORKER" in os.environ and row != "heard":
        step_back(5 if row == "typed" else 19)


def step_back(nice: int) -> None:
    """Let others go first, on Linux those of other sessions too: it weighs sessions, not processes."""
    if nice > os.nice(0):
        os.nice(nice - os.nice(0))
        with suppress(OSError):
            os.setsid()
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests leave unsaved is not the developer's."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
