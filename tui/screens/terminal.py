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

_SAID = re.compile(rb"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[\x20-\x3f]*[\x40-\x7e]?|.?)", re.DOTALL)
"""Whatever begins with an escape: an answer, or a key that is no character."""


def background() -> tuple[Theme, str]:
    """Dark or light, as ``COLORFGBG`` or the terminal (OSC 11) says; dark when neither does.

    And what was typed while the terminal was asked: on a slow line that is a second, and these keys count too.
    """
    said = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    if said.isdigit():
        return ("light" if int(said) in {7, 15} else "dark"), ""
    if not (sys.__stdin__ and sys.__stderr__ and sys.__stdin__.isatty() and sys.__stderr__.isatty()):
        return "dark", ""
    try:
        answer = _ask(sys.__stdin__.fileno(), sys.__stderr__.fileno())
    except (OSError, termios.error):
        return "dark", ""
    typed = "".join(filter(str.isprintable, _SAID.sub(b"", answer).decode("ascii", "ignore")))
    found = _ANSWER.search(answer)
    if found is None:
        return "dark", typed
    red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
    return ("light" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "dark"), typed


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
        termios.tcsetattr(source, termios.TCSANOW, before)
    return answer
