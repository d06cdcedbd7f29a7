"""What a run covers: what was asked for on the command line, else what the plan says, against what there is."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tui.errors import StagewatchError
from tui.plan import expressions
from tui.plan.mistakes import nearest
from tui.plan.model import Plan, Selection
from tui.plan.values import Unexpected, quoted


def covered(plan: Plan, asked: Selection) -> Selection:
    """What the run covers: the plan's ``[run]``, unless paths, tiers, suites or an expression were asked for."""
    if msgspec.structs.replace(asked, pytest_args=()) != Selection():
        return asked
    run = plan.run
    return msgspec.structs.replace(
        asked, tiers=run.tiers, suites=run.suites, keyword=run.keyword, markers=run.markers
    )  # fmt: skip


def refuse_unfit(plan: Plan, asked: Selection) -> None:
    """Raises StagewatchError for a tier or suite that the plan does not have, and for an expression that is none."""
    for what, names, known in (
        ("tier", asked.tiers, [tier.id for tier in plan.tiers]),
        ("suite", asked.suites, [suite.id for suite in plan.suites]),
    ):
        for name in names:
            if known and name not in known:
                raise StagewatchError(
                    f"--{what} {quoted(name[:64])[1:-1]}: the plan {plan.source} has no such {what}; "
                    f"{nearest(name, known)}"
                )

    for option, expression, check in (
        ("-k", asked.keyword, expressions.keyword),
        ("-m", asked.markers, expressions.markers),
    ):
        try:
            check(expression)
        except Unexpected as wrong:
            raise StagewatchError(f"{option}: {wrong}") from None


def partial(plan: Plan, selection: Selection, cwd: Path | None = None, home: Path | None = None) -> bool:
    """Whether pytest is given less to collect than the plan, so that no verdict can be *go*.

    Without a plan the selection given is the whole. With one, all of it is collected, and what tiers, suites or an
    expression leave out is *not-run*, for the verdict to see: only paths (other than the plan's own folder) and
    pytest's own options keep tests from being known. ``cwd``: where the run is started; below the plan's folder
    (``home``, where the plan lies elsewhere) pytest collects only what lies there, so that is a part too.
    """
    if plan.source is None:
        return False
    if selection.pytest_args:
        return True
    if cwd is None:
        return bool(selection.paths)
    home = (home or Path(plan.source).parent).resolve()
    return all((cwd / path).resolve() != home for path in selection.paths or (".",))
