"""Writing a document where somebody wants it: at once or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tui.errors import StagewatchError


def write_document(name: str, document: bytes) -> None:
    """Write a file (at once or not at all), a device or a pipe, or standard output for ``-``."""
    path = Path(name)
    half = None
    try:
        if name == "-":
            sys.stdout.buffer.write(document)
            sys.stdout.buffer.flush()
        elif path.exists() and not path.is_file():
            path.write_bytes(document)
        else:
            path = path.resolve()
            half = path.with_name(f".{path.name[:200]}.{os.getpid()}")
            half.write_bytes(document)
            half.replace(path)
    except OSError as error:
        if name == "-" and isinstance(error, BrokenPipeError):
            # Its reader has seen enough; that is no fault, and no verdict.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        if half is not None:
            half.unlink(missing_ok=True)
        raise StagewatchError(f"{name} can't be written ({error.strerror})") from None
