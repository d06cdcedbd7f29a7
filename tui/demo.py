"""The bundled suites against the staging environment that comes with them: which plan, and with which faults."""

from __future__ import annotations

import importlib.util
import os
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui import places
from tui.errors import StagewatchError
from tui.plan.file import OWN, read_plan
from tui.plan.mistakes import nearest
from tui.plan.model import Plan
from tui.plan.values import quoted

if TYPE_CHECKING:
    from suites.staging.faults import Fault

_NEEDS = ("pytest", "anyio", "cryptography", "httpx", "jwt", "starlette", "uvicorn", "websockets")
_PACKAGES = {"jwt": "PyJWT"}
_WIDTH = 80


def home() -> Path:
    """The folder of the suites, wherever this program is installed."""
    import suites

    return Path(suites.__file__).parent


def refuse_without_extra() -> None:
    """Raises StagewatchError when what the suites and their environment need is not installed."""
    missing = [_PACKAGES.get(name, name) for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise StagewatchError(
            f"the demo needs {', '.join(missing)}, which {verb} not installed here: `pip install 'stagewatch[demo]'`"
        )


def plan_of(file: str | None, scenario: str | None, faults: Sequence[str]) -> Plan:
    """The plan to run. Raises StagewatchError for a scenario or a fault that there is not."""
    if file is not None and scenario is not None:
        raise StagewatchError("--plan and --scenario name a plan each: leave out one")
    plan = read_plan(Path(file) if file is not None else _scenario(scenario) if scenario is not None else home() / OWN)
    names = [_fault(name).name for name in faults]
    if not names:
        return plan
    if not plan.target.start:
        raise StagewatchError(
            f"--fault {names[0]}: the plan {plan.source} starts no environment that could be given a fault"
        )
    flags = [word for name in names for word in ("--fault", name)]
    return replace(plan, target=replace(plan.target, start=(*plan.target.start, *flags)))


def keep_out_of_the_suites() -> None:
    """Whatever pytest and Python keep goes to the state folder: the suites may lie where nobody may write."""
    caches = places.state_folder() / "demo"
    os.environ["PYTHONPYCACHEPREFIX"] = str(caches / "pycache")
    given = os.environ.get("PYTEST_ADDOPTS", "")
    os.environ["PYTEST_ADDOPTS"] = f"-o cache_dir={shlex.quote(str(caches / 'pytest'))} {given}".strip()
    # The environment is started as a module of the suites' package, from within its folder.
    paths = [str(home().parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))


def fault_lines() -> Iterator[str]:
    """The catalogue: name, where it is, what breaks, what a test sees."""
    for fault in _catalogue():
        when = "" if fault.run_time else ", only from the start"
        yield f"{fault.name}  ({fault.where}{when})"
        yield from _wrapped("breaks", fault.breaks)
        yield from _wrapped("seen", fault.seen)


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"    {label:<8}", subsequent_indent=" " * 12)


def _scenario(name: str) -> Path:
    known = {path.stem: path for path in sorted((home() / "scenarios").glob("*.toml"))}
    if name not in known:
        there = f"there are: {', '.join(known)}" if known else "there is none"
        raise StagewatchError(f"--scenario {quoted(name[:64])[1:-1]}: there is no such scenario; {there}")
    return known[name]


def _fault(name: str) -> Fault:
    """By its name, or by the id that it begins with."""
    from suites.staging.faults import UnknownFault, find

    try:
        return find(name)
    except UnknownFault:
        hint = nearest(name, [fault.name for fault in _catalogue()])
        hint = hint if hint.startswith("did you mean") else "`stagewatch demo --list-faults` lists them"
        raise StagewatchError(f"--fault {quoted(name[:64])[1:-1]}: there is no such fault; {hint}") from None


def _catalogue() -> tuple[Fault, ...]:
    from suites.staging.faults import FAULTS

    return tuple(FAULTS)
