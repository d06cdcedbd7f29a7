"""The command line: what it takes, and how a mistake in it is answered. Published in the README."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tui import __version__
from tui.errors import StagewatchError

DESCRIPTION = "Watch test suites during a deploy, and know whether it may go on."
EPILOG = """\
exit codes: 0 go · 1 no-go · 2 bad input · 3 internal error · 130 interrupted · inconclusive: 4 too few or no
tests, 5 a part is outstanding or was not selected, 6 anything else
`stagewatch [PATH…]` is `stagewatch run`; `stagewatch COMMAND --help` says more."""

THEMES = ("auto", "dark", "light", "contrast", "colour-blind", "terminal")
"""*auto*: dark or light, as the terminal's background is; *terminal*: its own sixteen colours."""
_REFUSED_ARGUMENTS = {
    "--pdb": "no terminal is attached to a test",
    "--trace": "no terminal is attached to a test",
    "--collect-only": "a run that runs nothing has no verdict; `pytest --collect-only` lists the tests",
    "--co": "a run that runs nothing has no verdict; `pytest --collect-only` lists the tests",
}


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise StagewatchError(f"{message.removeprefix('argument ')} (see `{self.prog} --help`)")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Options of one command, ``command`` among them. Raises StagewatchError for what can't be meant."""
    arguments = list(arguments)
    if not arguments or (arguments[0] not in _COMMANDS and arguments[0] not in ("-h", "--help", "--version")):
        _refuse_mistyped(arguments[:1])
        arguments.insert(0, "run")
    pytest_args: list[str] = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, pytest_args = arguments[:at], arguments[at + 1 :]
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        _refuse_unknown(options.command, unknown)
    for argument in pytest_args:
        if reason := _REFUSED_ARGUMENTS.get(argument.partition("=")[0]):
            raise StagewatchError(f"{argument} can't be used here: {reason}")
    if pytest_args and "pytest_args" not in options:
        raise StagewatchError(
            f"`stagewatch {options.command}` passes nothing to pytest: leave out `-- {' '.join(pytest_args)}`"
        )
    if "pytest_args" in options:
        options.pytest_args = tuple(pytest_args)
    printed = [f"--{name}" for name in ("json", "junit", "report") if getattr(options, name, None) == "-"]
    if len(printed) > 1:
        raise StagewatchError(
            f"{printed[0]} - and {printed[1]} - are two documents for one standard output: name a file for one"
        )
    return options


def _refuse_unknown(command: str, unknown: Sequence[str]) -> NoReturn:
    import difflib

    parser = argparse.ArgumentParser(add_help=False)
    _COMMANDS[command][1](parser)
    meant = difflib.get_close_matches(unknown[0].partition("=")[0], parser._option_string_actions, n=1)
    hint = f"; did you mean {meant[0]}?" if meant else ""
    raise StagewatchError(f"unrecognized arguments: {' '.join(unknown)}{hint} (see `stagewatch {command} --help`)")


def _refuse_mistyped(first: Sequence[str]) -> None:
    """A word that is neither a command nor there, but nearly a command, was meant as one."""
    import difflib

    for word in first:
        meant = difflib.get_close_matches(word, _COMMANDS, n=1, cutoff=0.6)
        if meant and os.sep not in word and not os.path.lexists(word):
            raise StagewatchError(
                f"{word}: there is no such command, file or folder; did you mean `stagewatch {meant[0]}`?"
            )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="stagewatch", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--version", action="version", version=f"stagewatch {__version__} (Python {sys.version.split()[0]})"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    for name, (help_, add) in _COMMANDS.items():
        command = commands.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".")
        add(command)
    return parser


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders or node ids, as pytest takes them (default: here)"
    )
    _run_options(parser)


def _run_options(parser: argparse.ArgumentParser) -> None:
    choose = parser.add_argument_group("what to run")
    choose.add_argument("--tier", action="append", default=[], metavar="T", help="only this tier (may be repeated)")
    choose.add_argument("--suite", action="append", default=[], metavar="S", help="only this suite (may be repeated)")
    choose.add_argument(
        "-k", dest="keyword", default="", metavar="EXPR", help="only tests whose names match, as pytest's -k"
    )
    choose.add_argument(
        "-m", dest="markers", default="", metavar="EXPR", help="only tests with these markers, as pytest's -m"
    )
    how = parser.add_argument_group("how to run it")
    how.add_argument("--workers", type=_count, metavar="N", help="processes (default: the cores, at most 8)")
    how.add_argument("--timeout", type=_seconds, metavar="S", help="seconds a test may take (default 600; 0: no limit)")
    how.add_argument(
        "--python", metavar="EXE", help="the project's interpreter (default: its .venv, else the active environment)"
    )
    how.add_argument(
        "--plan", metavar="FILE", help="the plan (default: stagewatch.toml, or [tool.stagewatch] in pyproject.toml)"
    )
    how.add_argument("--revision", metavar="R", help="the revision of the target that is verified")
    view = parser.add_argument_group("how to watch it")
    view.add_argument(
        "--headless", "--plain", action="store_true", help="print a line a result, exit with the gate's code"
    )
    view.add_argument("--detach", action="store_true", help="start it, say how to attach, and return at once")
    view.add_argument(
        "--keep", action="store_true", help="headless: keep the session for warm reruns when the run has ended"
    )
    view.add_argument(
        "--on-save",
        action="store_true",
        help="when a file is saved, run again what failed, then what it touches (headless: until ctrl-c, or --keep)",
    )
    view.add_argument(
        "--theme", choices=THEMES, default="auto", metavar="T", help=f"{', '.join(THEMES[:-1])} or {THEMES[-1]}"
    )
    _json(parser)
    parser.add_argument("--junit", type=_writable, metavar="FILE", help="write JUnit XML (- for standard output)")
    parser.add_argument(
        "--report", type=_writable, metavar="FILE", help="keep the status report there, in Markdown, while it runs"
    )
    parser.set_defaults(pytest_args=())


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", type=_writable, metavar="FILE", help="write the results as JSON (- for standard output)"
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what to show")
    what.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="start the environment with this fault, by its name or id (may be repeated); F on the board mends it",
    )
    what.add_argument("--list-faults", action="store_true", help="list the faults, and what a test sees of each")
    what.add_argument("--scenario", metavar="NAME", help="run this plan of suites/scenarios instead of the whole")
    _run_options(parser)
    parser.set_defaults(paths=[])


def _attach(parser: argparse.ArgumentParser) -> None:
    _session(parser)
    parser.add_argument("--headless", "--plain", action="store_true", help="print lines instead of drawing the board")
    parser.add_argument("--read-only", action="store_true", help="watch, and leave the driving to others")
    parser.add_argument(
        "--theme", choices=THEMES, default="auto", metavar="T", help=f"{', '.join(THEMES[:-1])} or {THEMES[-1]}"
    )
    _json(parser)


def _session(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session", nargs="?", metavar="SESSION", help="its name (default: this project's, or the only one)"
    )


def _rerun(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tests", nargs="*", metavar="TEST", help="node ids")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--failed", action="store_true", help="all that failed")
    which.add_argument("--all", action="store_true", help="every test there is, as after a deploy")
    parser.add_argument(
        "--headless", "--plain", action="store_true", help="print the results, exit with the gate's code"
    )
    _json(parser)


def _action(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", metavar="ACTION", help="its key or its title (default: list the actions of the plan)"
    )


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("test", nargs="?", metavar="TEST", help="a node id, or how one ends (default: all iterations)")
    _json(parser)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", nargs="?", type=_count, metavar="N", help="the iteration (default: the latest)")
    parser.add_argument("--headless", "--plain", action="store_true", help="print lines instead of drawing the board")
    parser.add_argument(
        "--theme", choices=THEMES, default="auto", metavar="T", help=f"{', '.join(THEMES[:-1])} or {THEMES[-1]}"
    )


def _compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("older", type=_count, metavar="A", help="the earlier iteration")
    parser.add_argument("newer", type=_count, metavar="B", help="the later one")
    _json(parser)


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", nargs="?", type=_count, metavar="N", help="the iteration (default: the latest)")
    parser.add_argument("--format", choices=("markdown", "json", "junit"), default="markdown", metavar="F",
                        help="markdown (default), json or junit")  # fmt: skip
    parser.add_argument(
        "-o", dest="output", type=_writable, default="-", metavar="FILE", help="default: standard output"
    )


def _gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", nargs="?", type=_count, metavar="N", help="the iteration (default: the latest)")
    parser.add_argument("--plan", metavar="FILE", help="judge by this plan (default: the one it was run under)")
    parser.add_argument(
        "--override", type=_reason, metavar="WHY", help="let the deploy go on all the same; recorded with your name"
    )
    _json(parser)


def _trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="what is mended: these run warm again")


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = """\
It collects the project, and runs one test of it a few times: again as `f` on the board does, and by a pytest of its
own. A PATH that is a node id names that test. Nothing is recorded.

exit codes: 0 nothing stands in the way · 1 something does · 2 bad input · 130 interrupted"""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="files, folders or node ids, as pytest takes them (default: here)"
    )
    parser.add_argument(
        "--python", metavar="EXE", help="the project's interpreter (default: its .venv, else the active environment)"
    )
    parser.add_argument(
        "--plan", metavar="FILE", help="the plan (default: stagewatch.toml, or [tool.stagewatch] in pyproject.toml)"
    )
    parser.add_argument(
        "--json", type=_writable, metavar="FILE", help="write what is found as JSON (- for standard output)"
    )
    parser.set_defaults(pytest_args=())


_COMMANDS = {
    "run": ("run tests and watch them", _run),
    "demo": ("run the bundled suites against the staging environment that comes with them", _demo),
    "attach": ("watch a run that is going on, or the latest that has ended", _attach),
    "sessions": ("list the sessions that are alive", _json),
    "stop": ("end a session and all that it started", _session),
    "rerun": ("run tests of a live session again", _rerun),
    "action": ("have a live session run an action of the plan, and exit with its exit code", _action),
    "history": ("list the iterations of this project, or what one test has done in them", _history),
    "show": ("open an iteration of this project, on the board", _show),
    "compare": ("say what is different between two iterations", _compare),
    "report": ("write the status report of an iteration", _report),
    "gate": ("say whether the deploy may go on, and exit with it", _gate),
    "trust": ("list the modules that run cold as warm and cold disagreed; run them warm again", _trust),
    "doctor": ("say whether this project runs warm, how much faster, and what stands in the way", _doctor),
}


def _writable(text: str) -> str:
    """A file that can be made or replaced: better known before a run than after it."""
    if text == "-":
        return text
    path = Path.cwd() / text
    try:
        if not text or path.is_dir():
            raise argparse.ArgumentTypeError(f"expected a file, found {text!r}")
        if not path.parent.is_dir():
            raise argparse.ArgumentTypeError(f"{text} can't be written (there is no folder {path.parent})")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise argparse.ArgumentTypeError(f"{text} can't be written (no permission)")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text} can't be written ({error.strerror})") from None
    return str(path)


def _reason(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a reason, found none")
    return text.strip()


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, found {text!r}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"expected seconds, found {text!r}")
    return seconds
