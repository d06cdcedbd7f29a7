"""Whether this machine ends a user's background processes at logout, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

_PATIENCE = 2.0
"""Seconds to wait for logind's answer."""


async def warning() -> str | None:
    """One sentence when logind would kill this session at logout; None when it would not, or can't be asked."""
    if not _in_login_scope() or shutil.which("loginctl") is None:
        return None
    settings = await _ask("show", "--property=KillUserProcesses")
    if "KillUserProcesses=yes" not in settings:
        return None
    if "Linger=yes" in await _ask("show-user", str(os.getuid()), "--property=Linger"):
        return None
    return (
        "logind ends this run when you log out (KillUserProcesses=yes); start it under "
        "`systemd-run --user --scope`, after `loginctl enable-linger`, to keep it"
    )


def _in_login_scope() -> bool:
    with suppress(OSError):
        return "session-" in Path("/proc/self/cgroup").read_text()
    return False


async def _ask(*arguments: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            "loginctl", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return ""
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return output.decode(errors="replace")
