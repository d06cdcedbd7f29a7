"""What is examined: the run that one would start here, before anybody starts it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from tui.client.person import who
from tui.plan.model import Plan, Selection
from tui.plan.project import interpreter, refuse_missing_paths
from tui.plan.selection import covered, refuse_unfit
from tui.session.request import RunRequest


def request_for(
    root: Path, cwd: Path, plan: Plan | None, paths: Sequence[str], pytest_args: Sequence[str], explicit: str | None
) -> RunRequest:
    """``explicit``: the interpreter that was named. Raises StagewatchError as ``run`` would."""
    selection = Selection(tuple(paths), pytest_args=tuple(pytest_args))
    if plan is not None:
        refuse_unfit(plan, selection)
        refuse_missing_paths(plan, root)
        selection = covered(plan, selection)
    python = interpreter(root, explicit)
    return RunRequest(
        session=f"doctor-{secrets.token_hex(4)}",
        root=str(root),
        cwd=str(cwd),
        plan=plan or Plan(),
        selection=selection,
        partial=False,
        python=python.python,
        requested=time.time(),
        by=who(),
        notes=() if python.warning is None else (python.warning,),
    )
