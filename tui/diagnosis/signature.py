"""What makes failures alike: the exception, its message without what changes from run to run, where it was raised.

Two failures of one reason should meet in one group, and two reasons must never share one. So
what *names an instance* is masked (``diagnosis.masks``), and what *says something* stays.
"""

from __future__ import annotations

from tui.diagnosis.masks import masked, without_temporary_paths
from tui.events import Signature, without_exception

LONGEST = 200
"""Characters of each part of a signature."""

_READ = 1_000
"""Characters of a part's first line that are looked at: it bounds the work, whatever a test raises."""


def signature(exception: str, message: str, frame: str) -> Signature:
    """The signature of a failure. ``frame`` is the topmost own one, as ``path:function``.

    Pure, never raises, and idempotent: the parts of a signature give the same signature again.
    """
    name = _cut(_first_line(exception))
    return Signature(name, _message(_first_line(message), name), _cut(without_temporary_paths(_first_line(frame))))


def _message(text: str, exception: str) -> str:
    # Masking one thing may uncover another. Each round leaves fewer digits or fewer characters, so this ends.
    while True:
        before = text
        text = _cut(masked(without_exception(text, exception)))
        if text == before:
            return text


def _first_line(text: str) -> str:
    """The first line that says something, its blanks made single."""
    head = text[: 4 * _READ].lstrip()
    return " ".join(head.splitlines()[0][:_READ].split()) if head else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
