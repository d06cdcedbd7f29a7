"""What the project has registered to be called at exit: of forked workers the first to end would call it for all."""

from __future__ import annotations

import atexit
import os
import sys
import sysconfig
from typing import Any

_LIBRARIES = tuple({os.path.join(path, "") for path in sysconfig.get_paths().values()})


class Farewells:
    """Listens to ``atexit.register`` until it is to ``rest``. ``places``: files of the project that have called it."""

    def __init__(self) -> None:
        self.places: list[str] = []
        self._register = register = atexit.register

        def heard(function: Any, *args: Any, **kwargs: Any) -> Any:
            self._note(sys._getframe(1).f_code.co_filename)
            return register(function, *args, **kwargs)

        atexit.register = heard

    def rest(self) -> None:
        atexit.register = self._register

    def _note(self, file: str) -> None:
        # What a library tidies up is of the process it is in, as a rule; what a conftest does is of the whole run.
        if not file.startswith(_LIBRARIES) and not file.startswith("<") and "/site-packages/" not in file:
            self.places.append(os.path.relpath(file))
