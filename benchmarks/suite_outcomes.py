"""A pytest plugin: what became of each test, in which phase, and by which exception; a line of JSON each.

Stands alone, as it is loaded into the pytest that runs the suites: ``-p suite_outcomes`` with this folder
on ``PYTHONPATH`` and ``SUITE_OUTCOMES`` naming the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest


class _Recorder:
    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        report = yield
        if report.outcome != "passed" or call.when == "call":
            error = call.excinfo
            print(
                json.dumps(
                    {
                        "test": item.nodeid,
                        "phase": call.when,
                        "outcome": report.outcome,
                        "error": "" if error is None else type(error.value).__name__,
                        "message": "" if error is None else str(error.value)[:2000],
                    }
                ),
                file=self._file,
                flush=True,
            )
        return report


def pytest_configure(config: pytest.Config) -> None:
    if path := os.environ.get("SUITE_OUTCOMES"):
        config.pluginmanager.register(_Recorder(path))
