"""Entity tags in conditional requests (RFC 9110, 13.1)."""

from __future__ import annotations


def matches(header: str | None, tag: str, *, weak: bool = True) -> bool:
    """Whether an ``if-none-match`` (weak comparison) or ``if-match`` (strong: ``weak=False``) names ``tag``."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    named = [part.strip() for part in header.split(",")]
    if weak:
        return tag.removeprefix("W/") in [name.removeprefix("W/") for name in named]
    return tag in named
