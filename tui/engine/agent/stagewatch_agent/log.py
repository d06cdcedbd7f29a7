"""What pytest prints: it ends in the session's log, and the session does not know what secrets this process has met."""

from __future__ import annotations

from typing import Any

import pytest

from .mask import Mask


def mask_terminal(config: pytest.Config, mask: Mask) -> None:
    """Have all that goes through pytest's own reporter masked on its way to the log."""
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    writer = getattr(reporter, "_tw", None)
    if hasattr(writer, "_file"):
        writer._file = _Masked(writer._file, mask)


class _Masked:
    def __init__(self, file: Any, mask: Mask) -> None:
        self._file = file
        self._mask = mask

    def write(self, text: str) -> Any:
        return self._file.write(self._mask(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
