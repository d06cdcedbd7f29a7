"""What every test of the engine stands on: a state folder of its own, and projects that are copies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test meets the user's own runs."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(home))
        patch.delenv("XDG_RUNTIME_DIR", raising=False)
        # How *this* pytest was started is nothing to the projects that are run here.
        for name in [name for name in os.environ if name.startswith(("PYTEST_", "COV_"))]:
            if name != "PYTEST_CURRENT_TEST":
                patch.delenv(name)
        # Hypothesis imports all of itself when a session ends: a second for each process of each run here.
        patch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
        yield home
