"""Passwords, kept as salted scrypt hashes.

The cost is far below what a real service takes (n = 16384): the passwords here are random strings
that a test made a moment ago, there are hundreds of logins in a run on two cores, and nothing else
is protected by them. The form is the real one.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import scrypt

_COST, _BLOCK, _PARALLEL = 256, 8, 1


def hashed(password: str) -> str:
    """What is stored: ``salt$hash`` in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_hash(password, salt).hex()}"


def matches(password: str, stored: str) -> bool:
    """Whether it is the one that was stored."""
    salt, _, expected = stored.partition("$")
    return hmac.compare_digest(_hash(password, bytes.fromhex(salt)), bytes.fromhex(expected))


def _hash(password: str, salt: bytes) -> bytes:
    return scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=32)
