"""A pytest plugin that collects once, then forks workers from what it collected.

Loaded by ``python -m pytest -p stagewatch_agent``. The process that does so is the *zygote*: it
never runs a test. Its forks (or, where forking is not safe, fresh processes that it starts) are
the *workers*. See docs/engine.md.
"""

from __future__ import annotations

from .plugin import (
    pytest_addoption,
    pytest_cmdline_main,
    pytest_collection,
    pytest_collectreport,
    pytest_configure,
    pytest_load_initial_conftests,
    pytest_runtest_logreport,
    pytest_runtest_makereport,
    pytest_runtestloop,
    pytest_sessionfinish,
    pytest_sessionstart,
)

__all__ = [
    "pytest_addoption",
    "pytest_cmdline_main",
    "pytest_collection",
    "pytest_collectreport",
    "pytest_configure",
    "pytest_load_initial_conftests",
    "pytest_runtest_logreport",
    "pytest_runtest_makereport",
    "pytest_runtestloop",
    "pytest_sessionfinish",
    "pytest_sessionstart",
]
