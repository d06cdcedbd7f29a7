"""What the terminal answers when it is asked for its background, and what somebody types meanwhile."""

from __future__ import annotations

import os
import pty
import sys

import pytest

from tui.screens import terminal

ATTRIBUTES = b"\x1b[?62;22c"


@pytest.mark.parametrize(
    ("sent", "theme", "typed"),
    [
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\" + ATTRIBUTES, "dark", ""),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x07" + ATTRIBUTES, "light", ""),
        (ATTRIBUTES, "dark", ""),
        (b"q" + ATTRIBUTES, "dark", "q"),
        (b"f\x1b[A\x1b]11;rgb:ff/ff/ff\x07/up\r" + ATTRIBUTES, "light", "f/up"),
        (b"\x1bx?\x1b[1;5C" + ATTRIBUTES, "dark", "?"),
    ],
)
def test_answers_are_taken_and_keys_are_kept(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, theme: str, typed: str
) -> None:
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as stream:
        monkeypatch.setattr(sys, "__stdin__", stream)
        monkeypatch.setattr(sys, "__stderr__", stream)
        monkeypatch.delenv("COLORFGBG", raising=False)
        monkeypatch.setattr(terminal.tty, "setcbreak", _answering(ours, sent))
        assert terminal.background() == (theme, typed)
    os.close(ours)
    os.close(theirs)


def _answering(ours: int, sent: bytes):  # type: ignore[no-untyped-def]
    """As ``tty.setcbreak``, and the terminal's other end writes as soon as it is asked."""
    set_mode = terminal.tty.setcbreak

    def asked(descriptor: int, when: int) -> None:
        set_mode(descriptor, when)
        os.write(ours, sent)

    return asked
