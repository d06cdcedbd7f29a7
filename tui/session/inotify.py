"""Linux' own notice of what happens in folders, by ctypes.

Not ``watchfiles``: it watches every folder below a root, also those of environments and of git (here 913 for 75 that
matter, and the kernel counts them against a user's limit), and wakes twenty times a second to look for what came.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable, Iterable

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x8, 0x40, 0x80, 0x100, 0x200
_OVERFLOW, _ONLY_FOLDERS, _IS_FOLDER = 0x4000, 0x1000000, 0x40000000
_WANTED = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ONLY_FOLDERS
_HEAD = struct.Struct("iIII")


class FolderEvents:
    """Calls ``stirred`` when something whose name ``counts`` was written, moved or removed in a watched folder.

    Raises OSError where the kernel can't tell, or will not watch that many folders.
    """

    def __init__(self, stirred: Callable[[], None], counts: Callable[[str, bool], bool]) -> None:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            begin, self._add = libc.inotify_init1, libc.inotify_add_watch
        except (AttributeError, OSError):
            raise OSError("this system has no inotify") from None
        self._descriptor: int = begin(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _last_error()
        self._stirred = stirred
        self._counts = counts
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def watch(self, folders: Iterable[str]) -> None:
        """Watch these too; one that is watched already stays so, one that is gone is nothing to watch."""
        for folder in folders:
            if self._add(self._descriptor, os.fsencode(folder), _WANTED) < 0:
                error = _last_error()
                if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
                    raise error

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        try:
            buffer = os.read(self._descriptor, 1 << 16)
        except BlockingIOError:
            return
        at, matters = 0, False
        while at < len(buffer):
            _, mask, _, length = _HEAD.unpack_from(buffer, at)
            name = os.fsdecode(buffer[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0"))
            at += _HEAD.size + length
            is_folder = bool(mask & _IS_FOLDER)
            is_whole = mask != _CREATE  # a file that has only been created is saved when it is closed
            matters |= bool(mask & _OVERFLOW) or (bool(name) and is_whole and self._counts(name, is_folder))
        if matters:
            self._stirred()


def _last_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
