"""A target that the session starts itself: its process, from the plan's command to its end.

It holds the target's standard input: when the session dies, however it does, that closes, and a
target that heeds it ends. One that does not bears the session's mark, and is ended by whoever
finds it. What it prints goes to its log and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tui.errors import StagewatchError
from tui.gate import INCONCLUSIVE
from tui.plan.model import Target
from tui.target.ready import LONGEST, Ready, read_ready

MARK = "STAGEWATCH_NO_TEST"
"""In the environment of the target, of the plan's actions, and of all that they start: no test has left it behind."""
_FAREWELL = 3.0
"""Seconds that it gets to end when its standard input has."""
_GRACE = 3.0
"""Seconds between TERM and KILL."""
_LAST_WORDS = 4096
"""Bytes of the log's end that its last line is looked for in."""
_LONGEST_SHOWN = 300


class TargetProcess:
    """One start command. ``start`` and ``end`` are called once each, ``end`` also after a ``start`` that failed."""

    def __init__(
        self,
        target: Target,
        python: str,
        cwd: Path,
        marks: dict[str, str],
        log: Path,
        mask: Callable[[str], str],
        on_death: Callable[[str], None],
    ) -> None:
        """``marks`` goes into its environment. ``on_death`` is told, in a sentence, of an end that nobody asked for."""
        self._target = target
        self._command = [part.replace("{python}", python) for part in target.start]
        self._cwd = cwd
        self._marks = marks
        self._log = log
        self._mask = mask
        self._on_death = on_death
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._ending = False

    async def start(self) -> Ready:
        """Start it, and wait until it is ready. Raises StagewatchError when it can't be, or does not get ready."""
        self._log.write_bytes(b"")
        with self._log.open("ab") as log:  # two write to it: neither may write over the other
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                    cwd=self._cwd, env={**os.environ, **self._marks}, start_new_session=True, limit=LONGEST,
                )  # fmt: skip
            except OSError as error:
                raise StagewatchError(
                    f"the target can't be started: {self._named}: {error.strerror}; [target] start is its command"
                ) from None
        ready = await self._first_line(self._process)
        self._watching = asyncio.get_running_loop().create_task(self._watch(self._process))
        return ready

    async def end(self) -> None:
        """Its standard input ends, then it is told to (TERM), then it is made to (KILL); returns when it has."""
        self._ending = True
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch(process))
        if not await _ends(process, _FAREWELL):
            _signal_group(process, signal.SIGTERM)
            if not await _ends(process, _GRACE):
                _signal_group(process, signal.SIGKILL)
                await _ends(process, _GRACE)
        self._watching.cancel()

    @property
    def _named(self) -> str:
        """The command, as a sentence may hold it."""
        return _short(self._mask(shlex.join(self._target.start)))

    async def _first_line(self, process: asyncio.subprocess.Process) -> Ready:
        assert process.stdout is not None
        try:
            async with asyncio.timeout(self._target.start_timeout):
                line = await process.stdout.readline()
                if not line.endswith(b"\n"):
                    await process.wait()
        except TimeoutError:
            raise self._not_ready(f"is not ready within {self._target.start_timeout:g} s") from None
        except ValueError:
            raise StagewatchError(
                f"the target's start command {self._named}: its first line is longer than {LONGEST // 1024} KiB"
            ) from None
        if not line.endswith(b"\n"):
            raise self._not_ready(f"ended before it was ready ({_how(process)})")
        return read_ready(line, self._target)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Keep what it says, and tell when it is gone."""
        assert process.stdout is not None
        draining = asyncio.get_running_loop().create_task(self._drain(process.stdout))
        try:
            await process.wait()
            if not self._ending:
                how = f"{_how(process)}){self._last_words()}"
                self._on_death(f"the target that was started for this run has ended ({how}")
        finally:
            draining.cancel()

    async def _drain(self, stdout: asyncio.StreamReader) -> None:
        with self._log.open("ab") as log:
            while chunk := await stdout.read(LONGEST):
                with suppress(OSError):  # a full disk costs the log, not the run
                    log.write(chunk)
                    log.flush()

    def _not_ready(self, what: str) -> StagewatchError:
        return StagewatchError(
            f"the target did not start: {self._named} {what}{self._last_words()}; {self._log} holds what it said",
            INCONCLUSIVE,
        )

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - _LAST_WORDS))
                if size > _LAST_WORDS:
                    log.readline()  # not whole: half a secret would not be known
                text = self._mask(log.read().decode("utf-8", "backslashreplace"))
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f": {_short(lines[-1])}" if lines else ""


async def _ends(process: asyncio.subprocess.Process, patience: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await process.wait()
    return process.returncode is not None


def _signal_group(process: asyncio.subprocess.Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _how(process: asyncio.subprocess.Process) -> str:
    code = process.returncode or 0
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
