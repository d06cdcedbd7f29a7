"""What a run was asked to cover, against what the plan holds."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tui.plan.model import Plan, Selection


def partial(plan: Plan, selection: Selection, cwd: Path | None = None) -> bool:
    """Whether the selection is less than the plan, so that no verdict of it can be *go*.

    Without a plan the selection given is the whole. With one, only an empty selection is, or a
    path that is the plan's own folder: whether any other happens to cover everything can't be told
    before the tests are known, and the gate fails closed. ``cwd``: where the run is started; below
    the plan's folder pytest collects only what lies there, so that is a part too.
    """
    if plan.source is None:
        return False
    if cwd is None:
        return not selection.is_everything
    home = Path(plan.source).parent.resolve()
    if all((cwd / path).resolve() != home for path in selection.paths or (".",)):
        return True
    return not msgspec.structs.replace(selection, paths=()).is_everything
