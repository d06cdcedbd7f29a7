"""What the terminal says of itself, asked before anything is drawn."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
import tty

from tui.widgets.ink import Theme

PATIENCE = 1.0
"""Seconds. An answer that came later would be taken for keys, so the wait is long; nearly every terminal is quick."""

_ANSWER = re.compile(rb"\]11;rgb:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")


def background() -> Theme:
    """Dark or light, as ``COLORFGBG`` or the terminal (OSC 11) says; dark when neither does."""
    said = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    if said.isdigit():
        return "light" if int(said) in {7, 15} else "dark"
    if not (sys.__stdin__ and sys.__stderr__ and sys.__stdin__.isatty() and sys.__stderr__.isatty()):
        return "dark"
    try:
        answer = _ask(sys.__stdin__.fileno(), sys.__stderr__.fileno())
    except (OSError, termios.error):
        return "dark"
    found = _ANSWER.search(answer)
    if found is None:
        return "dark"
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return "light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"


def _ask(source: int, sink: int) -> bytes:
    """The colour, and behind it what every terminal answers: when that has come, nothing more will."""
    before = termios.tcgetattr(source)
    answer = b""
    try:
        tty.setcbreak(source, termios.TCSANOW)
        os.write(sink, b"\x1b]11;?\x1b\\\x1b[c")
        until = time.monotonic() + PATIENCE
        while not re.search(rb"\x1b\[\?[0-9;]*c", answer):
            ready, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                break
            answer += os.read(source, 1024)
    finally:
        termios.tcflush(source, termios.TCIFLUSH)
        termios.tcsetattr(source, termios.TCSANOW, before)
    return answer
