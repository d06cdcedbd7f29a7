"""What is to be said of the project: what the agent has found in the collected process, what the plan says twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from tui.doctor.hosting import Hosting
from tui.events import FAILING
from tui.reports import forking
from tui.reports.amounts import many
from tui.reports.examination import Measured, Remark
from tui.session.request import RunRequest

NO_COVERAGE = "--no-cov"
_MOST_ERRORS = 8
_HAS_COVERAGE = "import importlib.util, sys; sys.exit(importlib.util.find_spec('pytest_cov') is None)"
_PATIENCE = 20.0


async def sparing_options(request: RunRequest, folder: Path) -> tuple[str, ...]:
    """What has pytest leave the user's own files alone: its cache is in ``folder``, and no coverage is written.

    (Of coverage one test would make a report that is hardly a part of the truth.)
    """
    options = ("-o", f"cache_dir={folder / 'cache'}")
    return (*options, NO_COVERAGE) if await _knows_coverage(request.python, Path(request.cwd)) else options


def remarks(hosting: Hosting) -> list[Remark]:
    """Of what has been collected."""
    found = []
    for finding in hosting.collected.findings if hosting.collected else ():
        what = f"{finding.what}{forking.place(finding)}"
        found.append(Remark(finding.kind, finding.blocks, what, _capital(forking.advice(finding.kind))))
    broken = [test for test in hosting.state.present() if test.collection]
    for test in broken[:_MOST_ERRORS]:
        message = test.attempts[-1].message.strip().partition("\n")[0] if test.attempts else ""
        found.append(Remark("collection", True, f"{test.node} can't be collected: {message}"))
    if len(broken) > _MOST_ERRORS:
        found.append(Remark("collection", True, f"{len(broken) - _MOST_ERRORS} more can't be collected"))
    if not hosting.tests and not broken:
        found.append(Remark("tests", True, "no test was collected"))
    found += [Remark("notice", serious, text) for _, text, serious in hosting.state.notices if not _is_known(text)]
    return found + claims(hosting.catalogue.claims)


def claims(claimed: Mapping[str, tuple[str, ...]]) -> list[Remark]:
    """Of tests that several suites of the plan claim: of each such set of suites one."""
    by_suites: dict[tuple[str, ...], list[str]] = {}
    for node, suites in claimed.items():
        by_suites.setdefault(suites, []).append(node)
    return [
        Remark(
            "claims",
            False,
            f"{many(len(nodes), 'test')} claimed by the suites {' and '.join(suites)} ({nodes[0]}"
            f"{', …' if len(nodes) > 1 else ''}), and in {suites[0]}, the first of them",
            "narrow the paths, markers or keyword of one of them in the plan, if that is not meant",
        )
        for suites, nodes in by_suites.items()
    ]


def doubts(measured: Measured) -> list[Remark]:
    """Of a test that did not go alike both ways."""
    if not measured.agree:
        here, alone = ("fails", "passes") if measured.outcome in FAILING else ("passes", "fails")
        return [
            Remark(
                "disagreement",
                True,
                f"{measured.test} {here} when it is run again here, and {alone} by a pytest of its own",
                f"what else is collected makes the difference: compare `pytest` with `pytest {measured.test}`",
            )
        ]
    if not measured.steady:
        return [Remark("unsteady", False, f"{measured.test} did not go alike each time: it is flaky")]
    return []


def _is_known(text: str) -> bool:
    """Whether a notice says what is said by a finding."""
    return text.startswith(("cold: ", "numpy's "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


async def _knows_coverage(python: str, cwd: Path) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            python, "-c", _HAS_COVERAGE,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            cwd=cwd,
        )  # fmt: skip
    except OSError:
        return False  # which is said when it is to collect
    try:
        return await asyncio.wait_for(process.wait(), _PATIENCE) == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
