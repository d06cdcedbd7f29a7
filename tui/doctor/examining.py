"""The examination: asks this machine, collects the project, measures a rerun, and says what it has found."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from tui.doctor import machine, project
from tui.doctor.hosting import Hosting
from tui.doctor.measuring import NotMeasuredError, measure
from tui.engine.collecting import PytestRefusesError
from tui.errors import StagewatchError
from tui.events import Collected
from tui.reports.examination import Examination, Measured, Remark
from tui.session import logout, records
from tui.session.request import RunRequest

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def examine(request: RunRequest, say: Callable[[str], None]) -> Examination | None:
    """All of it; None when a signal has ended it. Nothing that it started is left.

    ``say`` is told what it is about to do. Raises StagewatchError for arguments that pytest does not take.
    """
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(_examine(request, say))
    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    came: list[int] = []

    def stop(number: int) -> None:
        if not came:  # a second one would cut the tidying up short
            work.cancel()
        came.append(number)

    for number in heeded:
        loop.add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        if came:
            return None
        raise
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)


async def _examine(request: RunRequest, say: Callable[[str], None]) -> Examination:
    root = Path(request.root)
    folder, remarks = machine.journal(root)
    terminal, of_terminal = machine.terminal(os.environ)
    remarks += of_terminal
    remarks += [Remark("interpreter", False, note) for note in request.notes]
    if warning := await logout.warning():
        remarks.append(Remark("logout", False, warning))
    with tempfile.TemporaryDirectory(prefix="stagewatch-", ignore_cleanup_errors=True) as scratch:
        say("collecting")
        visit = await _visit(request, Path(scratch), say)
    remarks += visit.remarks
    collected = visit.collected
    return Examination(
        version=1,
        root=request.root,
        interpreter=request.python,
        python=collected.python if collected else "",
        pytest=collected.pytest if collected else "",
        plan=request.plan.source,
        suites=len(request.plan.suites),
        tiers=len(request.plan.tiers),
        tests=visit.tests,
        collected_in=round(collected.duration, 3) if collected else None,
        warm=collected.cold_reason is None if collected and collected.python else None,
        measured=visit.measured,
        not_measured=None if visit.measured else visit.not_measured or "nothing was collected",
        journal=folder,
        terminal=terminal,
        remarks=tuple(remarks),
    )


class _Visit(msgspec.Struct):
    """What was seen of the project."""

    remarks: list[Remark]
    collected: Collected | None = None
    tests: int = 0
    measured: Measured | None = None
    not_measured: str = ""


async def _visit(request: RunRequest, scratch: Path, say: Callable[[str], None]) -> _Visit:
    """Collect, and measure. Where even that can't be done, why is a remark."""
    options = await project.sparing_options(request, scratch)
    for given in (options, tuple(option for option in options if option != project.NO_COVERAGE)):
        try:
            async with Hosting(request, scratch, given) as hosting:
                visit = _Visit(project.remarks(hosting), hosting.collected, len(hosting.tests))
                try:
                    visit.measured = await _measure(hosting, request, given, say)
                    visit.remarks += project.doubts(visit.measured)
                except NotMeasuredError as error:
                    visit.not_measured = str(error)
                return visit
        except PytestRefusesError as error:
            if project.NO_COVERAGE in given and project.NO_COVERAGE in str(error):
                continue  # pytest-cov is there, and the project's own options keep it out
            if request.selection.pytest_args:
                raise
            why = str(error)
        except StagewatchError as error:
            why = str(error)
        return _Visit([Remark("begin", True, f"a run can't begin: {why}")])
    raise AssertionError("the second time it is not given what was refused")


async def _measure(
    hosting: Hosting, request: RunRequest, options: tuple[str, ...], say: Callable[[str], None]
) -> Measured:
    """Not beside a session of the same project: its tests may be running, and both would disturb each other."""
    for record in records.live():
        if record.root == request.root:
            raise NotMeasuredError(f"{record.name} has this project open: `stagewatch stop` ends it")
    return await measure(hosting, request, options, say)
