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
            return "in real time" if is_in_real_time(nodeid) else nodeid

    return OneInRealTime(config, log)


def is_in_real_time(nodeid: str) -> bool:
    return nodeid.removeprefix("tests/").startswith(REAL_TIME)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """All other tests step back, when they run beside them: these, the longest group, are begun first."""
    if "PYTEST_XDIST_WORKER" in os.environ and not is_in_real_time(item.nodeid) and os.nice(0) == 0:
        step_back()


def step_back() -> None:
    """Let all other processes go first, on Linux those of other sessions too: it weighs sessions, not processes."""
    os.nice(19)
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text("19")


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests leave unsaved is not the developer's."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
