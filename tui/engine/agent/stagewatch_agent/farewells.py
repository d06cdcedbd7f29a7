"""What the project has registered to be called at exit: it is done once, and not by every fork that ends before.

The first worker to end would stop what the others use, or remove it.
"""

from __future__ import annotations

import atexit
import os
import sys
import sysconfig
from typing import Any, Callable

_LIBRARIES = tuple({os.path.join(path, "") for path in sysconfig.get_paths().values()})


class Farewells:
    """Listens to ``atexit.register`` until it is to ``rest``. ``places``: files of the project that have called it."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self._functions: list[Callable[..., Any]] = []
        self._register = register = atexit.register

        def heard(function: Any, *args: Any, **kwargs: Any) -> Any:
            self._note(sys._getframe(1).f_code.co_filename, function)
            return register(function, *args, **kwargs)

        atexit.register = heard

    def rest(self) -> None:
        atexit.register = self._register

    def disown(self) -> None:
        """In a fork: what was registered before is for the process that it was forked from."""
        for function in self._functions:
            atexit.unregister(function)

    def _note(self, file: str, function: Callable[..., Any]) -> None:
        # What a library tidies up is of the process it is in, as a rule; what a conftest does is of the whole run.
        if not file.startswith(_LIBRARIES) and not file.startswith("<") and "/site-packages/" not in file:
            self.places.append(os.path.relpath(file))
            self._functions.append(function)
