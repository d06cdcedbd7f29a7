"""A pytest plugin that writes down what plain pytest says of each test: the reference for parity.

It shares nothing with Stagewatch's agent, on purpose. It runs in the project's interpreter
(Python 3.9 and later, pytest 7.4 and later). ``PARITY_RECORD`` names the file to write;
``PARITY_ORDER``, if set, a file with the tests to run, in that order.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

RECORD = os.environ.pop("PARITY_RECORD")
ORDER = os.environ.pop("PARITY_ORDER", None)


def _leave_no_trace() -> None:
    """Nothing of the project may see that this module was here: no path of it stays behind."""
    here = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != here]
    parts = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    rest = [part for part in parts if part and Path(part).resolve() != here]
    os.environ.pop("PYTHONPATH", None)
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)


_leave_no_trace()


class Recorder:
    def __init__(self) -> None:
        self.keys = {}
        self.tests = []
        self.collection_errors = []
        self.current = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        if ORDER is None:
            return
        wanted = [tuple(key) for key in json.loads(Path(ORDER).read_text(encoding="utf-8"))]
        known = dict(zip(_numbered(items), items))  # noqa: B905 - strict= came with Python 3.10
        items[:] = [known[key] for key in wanted if key in known]

    def pytest_collection_finish(self, session):
        numbered = _numbered(session.items)
        self.keys = {id(item): key for item, key in zip(session.items, numbered)}  # noqa: B905

    def pytest_collectreport(self, report):
        if report.outcome == "failed":
            self.collection_errors.append({"path": report.nodeid, "message": report.longreprtext})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        node, ordinal = self.keys[id(item)]
        self.current = {"id": node, "ordinal": ordinal, "reports": []}
        self.tests.append(self.current)
        yield
        self.current = None

    def pytest_runtest_logreport(self, report):
        if self.current is not None:
            self.current["reports"].append(_facts(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus):
        whole = {
            "pytest": pytest.__version__,
            "exit": int(exitstatus),
            "collected": len(self.keys),
            "tests": self.tests,
            "collection_errors": self.collection_errors,
        }
        Path(RECORD).write_text(json.dumps(whole), encoding="ascii")


def _numbered(items):
    """(node id, how many before it have the same) of each item."""
    seen = Counter()
    keys = []
    for item in items:
        keys.append((item.nodeid, seen[item.nodeid]))
        seen[item.nodeid] += 1
    return keys


def _facts(report):
    context = getattr(report, "context", None)
    subtest = None
    if context is not None:
        words = [] if context.msg is None else [f"[{context.msg}]"]
        if context.kwargs:
            words.append("(" + ", ".join(f"{key}={value}" for key, value in context.kwargs.items()) + ")")
        subtest = " ".join(words) or "(<subtest>)"
    return {
        "when": report.when,
        "outcome": report.outcome,
        "xfail": hasattr(report, "wasxfail"),
        "subtest": subtest,
        "sections": [list(section) for section in report.sections],
        "text": report.longreprtext if report.outcome == "failed" else "",
    }


def pytest_configure(config):
    config.pluginmanager.register(Recorder(), "parity-recorder-instance")
