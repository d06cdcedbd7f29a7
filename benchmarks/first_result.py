"""A pytest plugin that notes when the first result is known: in the file that ``FIRST_RESULT`` names."""

from __future__ import annotations

import os
import time
from pathlib import Path

_noted: list[float] = []


def pytest_runtest_logreport(report):
    if report.when == "call" and not _noted and "PYTEST_XDIST_WORKER" not in os.environ:
        _noted.append(time.time())
        Path(os.environ["FIRST_RESULT"]).write_text(repr(_noted[0]))
