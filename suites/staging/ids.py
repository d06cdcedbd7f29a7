"""New identifiers: a prefix that says of what, and 20 characters that nobody guesses."""

from __future__ import annotations

import secrets
from hashlib import blake2s

_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def new(prefix: str) -> str:
    """Such as ``thr_3k2…`` for the prefix ``thr``."""
    return f"{prefix}_{_written(secrets.randbelow(36**20))}"


def tenant(name: str) -> str:
    """A tenant's: made of its name, so that every service knows it without asking another."""
    return f"ten_{_written(int.from_bytes(blake2s(name.encode(), digest_size=12).digest()))}"


def _written(number: int) -> str:
    text = []
    for _ in range(20):
        number, digit = divmod(number, 36)
        text.append(_CHARACTERS[digit])
    return "".join(text)
