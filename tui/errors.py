"""Expected errors: one clear sentence for a person, and the exit code that goes with it.

Anything else that is raised is a bug, and ends the program with code 3.
"""

MALFORMED = 2
INTERNAL = 3
INTERRUPTED = 130


class StagewatchError(Exception):
    """Something the user can mend. ``str(error)`` says what, where, and what to do."""

    def __init__(self, sentence: str, exit_code: int = MALFORMED) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
