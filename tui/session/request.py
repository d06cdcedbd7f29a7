"""What a session is started with: everything it needs to know, so that it asks nobody."""

from __future__ import annotations

import msgspec

from tui.plan.model import Plan, Selection


class RunRequest(msgspec.Struct, frozen=True):
    """One ``stagewatch run``, resolved: paths are absolute, the plan is read, the interpreter is chosen.

    ``root`` names the project (its state, its lock); ``cwd`` is where pytest runs. ``workers``: None
    for the default. ``limit``: seconds a test may take, 0 for no limit. ``ends_with_run``: the
    session ends when the first pass has (headless); otherwise when nobody has watched for a while.
    ``unwatched_for``: seconds that a run which has ended is kept for somebody to look, and to rerun warm.
    ``notes``: what the user should be told at the start. ``report``: the file that has the status report.
    ``on_save``: what failed, and what a change touches, runs again when a file is saved.
    """

    session: str
    root: str
    cwd: str
    plan: Plan
    selection: Selection
    partial: bool
    python: str
    requested: float
    by: str
    workers: int | None = None
    limit: float | None = None
    revision: str | None = None
    ends_with_run: bool = False
    unwatched_for: float = 15 * 60.0
    notes: tuple[str, ...] = ()
    report: str | None = None
    on_save: bool = False


class Ready(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session's only words on its standard output: where it listens, or why it could not start."""

    socket: str = ""
    iteration: int = 0
    error: str = ""
    exit_code: int = 0


def pytest_args(request: RunRequest) -> tuple[str, ...]:
    """With a plan all of it is collected, what is not selected is *not-run*: an expression of the project's own options
    (``addopts``), which the one that was asked for takes the place of, must not leave it out.
    """
    selection = request.selection
    is_planned = request.plan.source is not None
    arguments = list(selection.pytest_args)
    if selection.keyword:
        arguments += ["-k", "" if is_planned else selection.keyword]
    if selection.markers:
        arguments += ["-m", "" if is_planned else selection.markers]
    return (*arguments, *selection.paths)
