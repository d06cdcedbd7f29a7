"""Who looks at this terminal, and asks for things."""

from __future__ import annotations

import getpass
import os
from contextlib import suppress


def who() -> str:
    """As other viewers see it: ``ann@pts/3 from 10.0.0.7``."""
    name = _login()
    with suppress(OSError):
        name += "@" + os.ttyname(0).removeprefix("/dev/")
    return _from_afar(name)


def person() -> str:
    """The same without the terminal, which is another one at every login."""
    return _from_afar(_login())


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _from_afar(name: str) -> str:
    client = os.environ.get("SSH_CLIENT", "").partition(" ")[0]
    return f"{name} from {client}" if client else name
