"""One message a test, out of the reports that pytest makes of it.

The shape of the message is ``engine.wire.Done``. A plain pass without output is a few numbers;
everything else carries what a person needs to understand it, masked, and cut where it is long.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
from collections.abc import Sequence
from typing import Any

from .local_values import local_values
from .mask import Mask

SECTION_LIMIT = 64 * 1024
"""Characters kept of either end of a captured section."""
TEXT_LIMIT = 64 * 1024
"""Characters kept of either end of a traceback."""
MESSAGE_LIMIT = 4 * 1024
_MARGIN = 8 * 1024
"""Characters masked beyond a cut (more, where a secret is longer), so that none is cut in two and half of it shown."""
_FRAMES = 60
_WITH_LOCALS = 3
"""Own frames, the innermost, of which the local variables are kept."""
_LOCAL = 200
"""Characters of a local variable."""
_SOURCE_AROUND = 4

_LIBRARIES = tuple(
    {
        os.path.abspath(path) + os.sep
        for path in (sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    }
)


class Reports:
    """Collects the reports of the test that is running and turns them into messages."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._root = os.sep
        self._reports: list[Any] = []

    @property
    def root(self) -> str:
        """The project's root: paths under it are shown relative to it, and are its *own* frames."""
        return self._root.rstrip(os.sep)

    @root.setter
    def root(self, path: str) -> None:
        self._root = path.rstrip(os.sep) + os.sep

    def add(self, report: Any) -> None:
        self._reports.append(report)

    def note_exception(self, report: Any, call: Any) -> None:
        """Keep of an exception what its report will not have: type, frames and source, from the traceback itself."""
        excinfo = call.excinfo
        called = excinfo.traceback[-_FRAMES:]
        entries = [(str(e.path), e.lineno + 1, e.name) for e in called]
        own = [number for number, entry in enumerate(entries) if self._is_own(entry[0])]
        report._stagewatch = {
            "exception": excinfo.typename,
            "frames": [
                [self._shown(p), line, name, linecache.getline(p, line).strip(), self._is_own(p)]
                for p, line, name in entries
            ],
            "locals": {number: local_values(called[number].locals, self._looked_at) for number in own[-_WITH_LOCALS:]},
            "own": entries[own[-1]] if own else None,
        }

    def take(self, started: float) -> list[dict[str, Any]]:
        """The attempts that the reports since the last call make up, oldest first.

        More than one where a plugin reran the test by itself (its report says *rerun*).
        """
        reports, self._reports = self._reports, []
        attempts: list[dict[str, Any]] = []
        current: list[Any] = []
        for report in reports:
            current.append(report)
            if report.outcome == "rerun":
                attempts.append(self._attempt(current, started))
                started += attempts[-1]["duration"]
                current = []
        if current:
            attempts.append(self._attempt(current, started))
        return attempts

    def of_collection(self, report: Any) -> dict[str, Any]:
        """About a collector that failed: like an attempt that ended in *error*."""
        cut: list[str] = []
        explained = self._explained(report, cut)
        explained["sections"] = self._sections([report], cut)
        explained["cut"] = cut
        return explained

    def _attempt(self, reports: list[Any], started: float) -> dict[str, Any]:
        subtests = [report for report in reports if hasattr(report, "context")]
        phases = {report.when: report for report in reports if not hasattr(report, "context")}
        outcome, telling = _outcome(phases, subtests)
        seconds = [round(getattr(phases.get(when), "duration", 0.0), 6) for when in ("setup", "call", "teardown")]
        message: dict[str, Any] = {
            "outcome": outcome,
            "started": started,
            "duration": round(sum(seconds), 6),
            "phases": seconds,
        }
        cut: list[str] = []
        if telling is not None:
            message.update(self._explained(telling, cut, [report for report in reports if report is not telling]))
        sections = self._sections(reports, cut)
        if sections:
            message["sections"] = sections
        if subtests:
            message["subtests"] = [self._subtest(report) for report in subtests]
        if cut:
            message["cut"] = cut
        return message

    def _explained(self, report: Any, cut: list[str], others: Sequence[Any] = ()) -> dict[str, Any]:
        """``others``: the test's other reports; what failed in them too stands below the traceback."""
        explained: dict[str, Any] = {"message": self._text(_message(report), MESSAGE_LIMIT, "message", cut)}
        if report.outcome not in ("failed", "rerun"):
            return explained
        texts = [report.longreprtext]
        texts += [f"{_heading(other)}\n\n{other.longreprtext}" for other in others if _has_failed(other)]
        explained["traceback"] = self._text("\n\n".join(texts), TEXT_LIMIT, "traceback", cut)
        noted = getattr(report, "_stagewatch", None)
        if noted is not None:
            explained["exception"] = noted["exception"]
            explained["frames"] = [
                [self._mask(path), line, self._mask(name), self._mask(code), own, self._locals(noted, number)]
                for number, (path, line, name, code, own) in enumerate(noted["frames"])
            ]
            if noted["own"] is not None:
                explained["source"] = self._source(*noted["own"])
        return explained

    def _locals(self, noted: dict[str, Any], number: int) -> list[list[str]]:
        return [[name, self._local(text)] for name, text in noted["locals"].get(number, ())]

    def _local(self, text: str) -> str:
        """Masked while it is long, and cut then: of no secret is a piece left, nor of one that lies across the cut."""
        masked = self._mask(text)
        if len(text) >= self._looked_at:
            masked = _common_start(self._mask(text[:_MARGIN]), masked)
        return masked if len(masked) <= _LOCAL else masked[: _LOCAL - 1] + "…"

    @property
    def _looked_at(self) -> int:
        """Characters of a local variable that are masked, of which the first few are shown."""
        return 2 * _MARGIN + self._mask.longest

    def _source(self, path: str, line: int, function: str) -> list[Any]:
        first = max(1, line - _SOURCE_AROUND)
        lines = linecache.getlines(path)[first - 1 : line + _SOURCE_AROUND]
        return [self._mask(self._shown(path)), first, line, [self._mask(text.rstrip("\n")) for text in lines]]

    def _subtest(self, report: Any) -> list[str]:
        return [
            self._mask(_subtest_name(report.context)),
            _plain_outcome(report),
            self._text(_message(report), MESSAGE_LIMIT, "message", []) if report.outcome != "passed" else "",
        ]

    def _sections(self, reports: list[Any], cut: list[str]) -> list[list[str]]:
        """Every section once: later reports repeat those of earlier ones."""
        seen: dict[tuple[str, str], None] = {}
        for report in reports:
            for name, text in report.sections:
                if text:
                    seen[(name, text)] = None
        return [[self._mask(name), self._text(text, SECTION_LIMIT, name, cut)] for name, text in seen]

    def _text(self, text: str, limit: int, what: str, cut: list[str]) -> str:
        if len(text) <= 2 * limit:
            return self._mask(text)
        cut.append(f"{what}: {len(text) - 2 * limit:,} characters in the middle")
        margin = max(_MARGIN, self._mask.longest)
        head = _common_start(self._mask(text[:limit]), self._mask(text[: limit + margin]))
        tail = _common_start(self._mask(text[-limit:])[::-1], self._mask(text[-limit - margin :])[::-1])[::-1]
        return f"{head}\n… {len(text) - 2 * limit:,} characters cut here …\n{tail}"

    def _is_own(self, path: str) -> bool:
        return path.startswith(self._root) and not path.startswith(_LIBRARIES) and "site-packages" not in path

    def _shown(self, path: str) -> str:
        return path[len(self._root) :] if path.startswith(self._root) else path


def _common_start(one: str, other: str) -> str:
    """What stays of a masked piece that is the same with more around it: nothing of a secret that lies across its end.

    Masking changes lengths: no count of characters tells how far a masked text reaches in the raw one.
    """
    differs = (at for at, (mine, others) in enumerate(zip(one, other)) if mine != others)
    return one[: next(differs, len(other))]


def _outcome(phases: dict[str, Any], subtests: list[Any]) -> tuple[str, Any | None]:
    """The test's outcome, and the report that tells why (None for a plain pass)."""
    call, setup, teardown = phases.get("call"), phases.get("setup"), phases.get("teardown")
    bad = [report for report in subtests if report.outcome == "failed"]
    if call is not None and call.outcome in ("failed", "rerun"):
        # Of a test that failed only because a subtest did, pytest's own report says no more than that.
        return "failed", bad[0] if bad and not hasattr(call, "_stagewatch") else call
    if setup is not None and setup.outcome in ("failed", "rerun"):
        return "error", setup
    if bad:
        return "failed", bad[0]
    if teardown is not None and teardown.outcome in ("failed", "rerun"):
        return "error", teardown
    for report in (setup, call, teardown):
        if report is None:
            continue
        plain = _plain_outcome(report)
        if plain != "passed":
            return plain, report
    return ("passed", None) if call is not None else ("not-run", None)


def _plain_outcome(report: Any) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.outcome == "skipped" else "xpassed"
    return "failed" if report.outcome == "rerun" else str(report.outcome)


def _message(report: Any) -> str:
    if hasattr(report, "wasxfail"):
        return str(report.wasxfail)
    longrepr = report.longrepr
    if isinstance(longrepr, tuple) and len(longrepr) == 3:
        reason = str(longrepr[2])
        return reason[len("Skipped: ") :] if reason.startswith("Skipped: ") else reason
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)
    lines = [line for line in report.longreprtext.splitlines() if line.strip()]
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    # A fixture that can't be found, and a module that can't be imported, are told in lines of their own.
    return errors[-1] if errors else (lines[-1].strip() if lines else "")


def _has_failed(report: Any) -> bool:
    """By an exception of its own: not only because a subtest did, which is told by that."""
    return report.outcome == "failed" and (hasattr(report, "_stagewatch") or hasattr(report, "context"))


def _heading(report: Any) -> str:
    """What stands above a failure that is not the one that decided the test's outcome."""
    where = _subtest_name(report.context) if hasattr(report, "context") else f"at {report.when}"
    return f"_____ also {where} _____"


def _subtest_name(context: Any) -> str:
    parts = [] if context.msg is None else [f"[{context.msg}]"]
    if context.kwargs:
        parts.append("(" + ", ".join(f"{key}={value}" for key, value in context.kwargs.items()) + ")")
    return " ".join(parts) or "(<subtest>)"
