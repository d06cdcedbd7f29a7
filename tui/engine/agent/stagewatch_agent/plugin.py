"""The hooks: where pytest lets the agent in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from . import covered, snapshot
from .forksafety import Sightings
from .log import mask_terminal
from .report import Reports
from .setup import Setup
from .worker import FreshWorker
from .zygote import Zygote, tell_errors

_setup = Setup()
_reports = Reports(_setup.mask)
_collection_errors: dict[str, dict[str, Any]] = {}
_notes: list[str] = []
_sightings = Sightings(_setup.descriptors)
_served: list[bool] = []
"""Not empty once the collection has come to its end."""


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    if not _setup.is_first:
        pluginmanager.register(covered.Keeping())


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    snapshot.leave(snapshot.PLUGINS, _setup, early_config)
    if not _setup.is_first:
        covered.keep(early_config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    snapshot.leave(snapshot.CONFTESTS, _setup, session.config)
    if _setup.files:
        session.config.args = _setup.files


@pytest.hookimpl(hookwrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Iterator[None]:
    """Before any plugin decides how to run: what would take the run out of our hands is switched off, and said."""
    option = config.option
    if getattr(option, "numprocesses", None):
        option.numprocesses = 0
        option.dist = "no"
        option.tx = []
    if getattr(option, "usepdb", False):
        option.usepdb = False
        _notes.append("--pdb of the project's options is left out: no terminal is attached to a worker")
    if getattr(option, "xmlpath", None):
        option.xmlpath = None
        _notes.append("--junitxml of the project's options is left out: stagewatch writes its own (--junit)")
    option.collectonly = False
    reruns: Any = config.pluginmanager.getplugin("rerunfailures")
    if getattr(reruns, "HAS_PYTEST_HANDLECRASHITEM", False):
        reruns.HAS_PYTEST_HANDLECRASHITEM = False  # else it opens a server, with a thread, for workers of pytest-xdist
    yield


def pytest_configure(config: pytest.Config) -> None:
    """From here on nothing of the agent can be imported by a test."""
    _reports.root = str(config.rootpath)
    package = __name__.partition(".")[0]
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    mask_terminal(session.config, _setup.mask)
    _sightings.look("")


def pytest_collectreport(report: Any) -> None:
    _sightings.look(str(report.nodeid))
    if report.failed:
        _setup.learn()
        _collection_errors[str(report.nodeid)] = _reports.of_collection(report)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Iterator[None]:
    outcome: Any = yield
    if call.excinfo is not None:
        report = outcome.get_result()
        if report.outcome == "failed":
            _reports.note_exception(report, call)


def pytest_runtest_logreport(report: Any) -> None:
    _reports.add(report)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Where errors ended the collection (``-x``) they are told all the same."""
    if not (_setup.is_worker or _served):
        tell_errors(_setup, _collection_errors)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Instead of running what was collected: be the zygote, or a worker of one."""
    _served.append(True)
    _setup.learn()
    if _setup.is_worker:
        FreshWorker(_setup, _reports, session).run()
    else:
        Zygote(_setup, _reports, session, _collection_errors, _notes, _sightings).serve()
    return True
