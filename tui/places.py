"""Where things live on this machine: the state folder, a project's part of it, sockets.

Everything made here is private to the user (mode 0700) and none of it lies in the project or
under a name that another user or project could meet.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from tui.errors import StagewatchError

_LONGEST_SOCKET_PATH = 107
"""Bytes; what the kernel takes (``man 7 unix``)."""
_TEMPORARY = "stagewatch-"


def state_folder() -> Path:
    """``$XDG_STATE_HOME/stagewatch``, made if need be."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return _private(Path(home) / "stagewatch")


def project_folder(root: Path) -> Path:
    """The state of one project: named for a person to recognise, made unique by the path's digest."""
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:12]
    return _private(state_folder() / "projects" / f"{root.resolve().name or 'root'}-{digest}")


def sessions_folder() -> Path:
    """One record a live session, by session name."""
    return _private(state_folder() / "sessions")


def private_folder(session: str) -> Path:
    """Where a session's own files are (``session.folder`` makes and removes it); the folder around it is made here."""
    return _private(state_folder() / "private") / session


def socket_path(session: str) -> Path:
    """A path for a session's socket, short enough for the kernel.

    Raises StagewatchError when no folder here allows one.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folders = [Path(runtime) / "stagewatch"] if runtime and Path(runtime).is_dir() else []
    folders.append(state_folder() / "sockets")
    for folder in folders:
        path = folder / f"{session}.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            _private(folder)
            return path
    path = Path(tempfile.mkdtemp(prefix=_TEMPORARY)) / "s.sock"
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        path.parent.rmdir()
        raise StagewatchError(
            f"no folder here has a name short enough for a socket ({_LONGEST_SOCKET_PATH} bytes): set XDG_RUNTIME_DIR"
        )
    return path


def forget_socket(path: Path) -> None:
    """Remove a session's socket, and the folder that was made for it alone."""
    path.unlink(missing_ok=True)
    if path.parent.name.startswith(_TEMPORARY):
        with suppress(OSError):
            path.parent.rmdir()


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StagewatchError(
            f"the state folder {folder} can't be made ({error.strerror}); set XDG_STATE_HOME to a folder you may write"
        ) from None
    return folder
