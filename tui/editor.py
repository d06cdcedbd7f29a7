"""Which command opens a file at a line, in the user's own editor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

_PLUS = {"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "kak", "joe", "mg", "ne", "jed"}
"""``+LINE FILE``."""
_COLON = {"hx", "helix", "zed", "subl", "sublime_text"}
"""``FILE:LINE``."""
_GOTO = {"code", "code-insiders", "codium", "cursor", "windsurf"}
"""``--goto FILE:LINE``, and ``--wait``, or it returns at once."""


def editor_command(environ: Mapping[str, str], path: Path, line: int) -> list[str] | None:
    """By ``VISUAL``, else ``EDITOR``, which may have arguments; None where neither is set.

    An editor that is not known gets the file alone.
    """
    try:
        chosen = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "")
    except ValueError:
        chosen = []
    if not chosen:
        return None
    name, file = Path(chosen[0]).name, str(path)
    if line > 0:
        if name in _PLUS:
            return [*chosen, f"+{line}", file]
        if name in _COLON:
            return [*chosen, f"{file}:{line}"]
        if name in _GOTO:
            return [*chosen, *(() if "--wait" in chosen or "-w" in chosen else ("--wait",)), "--goto", f"{file}:{line}"]
    return [*chosen, file]
