"""Text of the tested project as Markdown that means nothing but itself.

A test's message may hold headings, tables, links, HTML and fences; in a report it is data. Control
characters are spelled out (``shown``), Markdown's specials are escaped, and what is code gets a
fence longer than any in it.
"""

from __future__ import annotations

import re

from tui.shown import block, line

_ANYWHERE = re.compile(r"[\\`*_{}\[\]<>#|~&$@^]|:(?=//)|(?<=www)\.")
"""Characters that begin markup wherever they stand; addresses would become links by themselves."""
_AT_THE_START = re.compile(r"^(\d*)([-+=.)])")
"""What makes a list, a rule or a heading of a line that begins with it."""


def text(untrusted: str) -> str:
    """One line of prose: no character of it is markup."""
    return _AT_THE_START.sub(r"\1\\\2", _ANYWHERE.sub(r"\\\g<0>", line(untrusted).strip()))


def code(untrusted: str) -> str:
    """One line in the fixed font: a code span whose fence is longer than any run of backticks inside."""
    inside = line(untrusted).strip() or " "
    fence = "`" * (_longest(inside) + 1)
    pad = " " if inside[0] == "`" or inside[-1] == "`" else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def cell(untrusted: str) -> str:
    """``code`` for a table's cell, where a bar would begin the next one even inside a code span."""
    return code(untrusted).replace("|", "\\|")


def fenced(untrusted: str, indent: str = "") -> list[str]:
    """Several lines in the fixed font, as a block."""
    inside = block(untrusted)
    fence = "`" * max(3, max(map(_longest, inside), default=0) + 1)
    return [f"{indent}{fence}text", *(f"{indent}{one}" for one in inside), f"{indent}{fence}"]


def _longest(inside: str) -> int:
    return max((len(run) for run in re.findall("`+", inside)), default=0)
