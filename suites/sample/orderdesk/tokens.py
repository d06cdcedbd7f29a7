"""Signed tokens that say who is signed in, and until when."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

LEEWAY = 60
"""How long after its end a token is still taken, since clocks differ a little."""


class Refused(Exception):
    """A token that opens nothing; the text says why."""


def issue(user: str, seconds: float, key: bytes) -> str:
    """A token for a user that is good for some seconds."""
    body = f"{user}|{time.time() + seconds:.3f}"
    return f"{base64.urlsafe_b64encode(body.encode()).decode()}.{_signature(body, key)}"


def user_of(token: str, key: bytes) -> str:
    """Whose token it is. Raises Refused if it is not ours or has ended."""
    coded, _, signature = token.partition(".")
    try:
        body = base64.urlsafe_b64decode(coded).decode()
    except ValueError:
        raise Refused("not a token") from None
    if not hmac.compare_digest(signature, _signature(body, key)):
        raise Refused("the signature is wrong")
    user, _, end = body.rpartition("|")
    if time.time() > float(end) + LEEWAY:
        raise Refused("the token has ended")
    return user


def _signature(body: str, key: bytes) -> str:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()[:32]
