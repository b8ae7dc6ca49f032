"""Where real data is, if anywhere."""

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
