"""``python -m suites.staging``: an environment in the foreground, until its standard input or a signal ends it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from suites.staging.faults import FAULTS, Fault, UnknownFault, find
from suites.staging.owner import CommandLine
from suites.staging.wishes import Wishes


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m suites.staging",
        description="An agent platform on loopback. Prints one line of JSON when it is ready.",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="start with this fault (repeat)")
    parser.add_argument("--list-faults", action="store_true", help="print every fault and what a test sees of it")
    parser.add_argument("--time-scale", type=float, default=60.0, metavar="N", help="how much quicker slow causes are")
    parser.add_argument("--tls", action="store_true", help="https and wss, with a certificate made at the start")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep databases and logs there")
    parser.add_argument("--forever", action="store_true", help="end at a signal only, not with the standard input")
    return parser


def _catalogue() -> str:
    return "\n".join(f"{fault.name}\n    {fault.breaks}\n    {fault.seen}" for fault in FAULTS)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 2 for what cannot be started as asked, 1 for what did not start."""
    given = _arguments().parse_args(arguments)
    if given.list_faults:
        print(_catalogue())
        return 0
    try:
        faults: tuple[Fault, ...] = tuple(find(name) for name in given.fault)
    except UnknownFault as unknown:
        print(unknown, file=sys.stderr)
        return 2
    if given.time_scale <= 0:
        print("--time-scale is a number above 0.", file=sys.stderr)
        return 2
    try:
        from suites.staging.supervisor import supervise  # only here: it imports all the services
    except ModuleNotFoundError as missing:
        print(f"The staging environment needs {missing.name}: pip install 'stagewatch[demo]'.", file=sys.stderr)
        return 2
    names = tuple(dict.fromkeys(fault.name for fault in faults))
    wishes = Wishes(names, given.time_scale, given.tls, given.folder)
    return supervise(wishes, CommandLine(forever=given.forever))


if __name__ == "__main__":
    sys.exit(main())
