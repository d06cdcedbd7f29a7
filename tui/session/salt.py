"""A project's salt: with it, digests of what is declared can be compared, and not looked up in a table of values."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_SIZE = 32


def salt_of(folder: Path) -> bytes:
    """The same for every session of a project (``folder``: where its state is kept), for nobody else to read.

    Empty where it can't be kept: then there is nothing to compare.
    """
    path, new = folder / "salt", folder / f"salt.{os.getpid()}"
    with suppress(OSError):
        if not path.exists():
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(_SIZE))
            new.rename(path)
        kept = path.read_bytes()
        return kept if len(kept) == _SIZE else b""
    return b""
