"""Make ``docs/faults.md``: for every fault switch, what breaks, what a test sees, and which tests fail. Measured.

    python benchmarks/faults_page.py [FAULT…] [--jobs N]

Starts an environment for each fault and runs all the suites against it. Exit code 1 if some fault
makes no test fail. Results are kept in ``.faults.json`` until the suites change; with FAULTs only
those are measured anew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from suite_runs import ROOT, NotStarted, environment, run_suites, sources_digest

sys.path.insert(0, str(ROOT))
from suites.staging.faults import FAULTS, Fault

_PAGE = ROOT / "docs" / "faults.md"
_KEPT = ROOT / ".faults.json"
_NAMED = 3
_OPTIONS = ("-m", "not own_environment")
"""A test that starts an environment of its own gets a healthy one: it says nothing of the fault."""
_TOKEN = re.compile(r"eyJ[\w.-]+")
"""What a library's message may repeat (E6): it goes nowhere."""
_HEAD = """\
# Fault switches

Made by `make faults`; don't edit. Every fault of the embedded environment, what it breaks, and what the bundled
tests say of it. `stagewatch demo --fault NAME` starts with one (several may be given); the admin endpoint switches
those marked *run time* while the board is open. A fault of the *client* lies in the tests: it is in their environment
as `STAGING_CLIENT_FAULT`. Numbers: tests that fail, of the {tests} that don't start an environment of their own.
"""


def measure(fault: Fault) -> dict[str, Any]:
    """Which tests fail with this fault, and with what words."""
    try:
        with environment(faults=[fault.name]) as variables:
            outcomes = run_suites({**variables, "STAGING_TIMEOUT": "3"}, processes=1, options=_OPTIONS)
    except NotStarted as error:
        return {"tests": 0, "failing": {}, "not_started": str(error)}
    failing = {
        test: _TOKEN.sub("‹token›", f"{outcome.error}: {outcome.message.partition(chr(10))[0]}")
        for test, outcome in sorted(outcomes.items())
        if outcome.outcome == "failed"
    }
    return {"tests": len(outcomes), "failing": failing}


def page(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole document."""
    parts = [_HEAD.format(tests=max(result["tests"] for result in found.values()))]
    for fault in FAULTS:
        result = found[fault.name]
        failing: dict[str, str] = result["failing"]
        when = "run time" if fault.run_time else "at the start"
        parts.append(f"\n## {fault.name}\n\n*{fault.where}, {when}.* {fault.breaks} Seen: {fault.seen}\n")
        parts.append(f"\n{len(failing)} tests fail. {_words(failing)}\n")
        parts += [f"- `{test}`\n" for test in list(failing)[:_NAMED]]
        if len(failing) > _NAMED:
            by_file = Counter(test.partition("::")[0] for test in failing)
            shown = ", ".join(f"{name} {count}" for name, count in by_file.most_common(5))
            parts.append(f"- by file: {shown}{', …' if len(by_file) > 5 else ''}\n")
    return "".join(parts)


def _words(failing: Mapping[str, str]) -> str:
    if not failing:
        return ""
    text, count = Counter(failing.values()).most_common(1)[0]
    return f"Most often ({count}): `{text[:160].replace('`', chr(39))}`\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("faults", nargs="*", help="measure only these anew (default: what the suites' state asks for)")
    parser.add_argument("--jobs", type=int, default=2, help="environments at a time")
    options = parser.parse_args(arguments)
    kept: dict[str, Any] = json.loads(_KEPT.read_text()) if _KEPT.exists() else {}
    digest = sources_digest()
    if options.faults:
        wanted = [fault for fault in FAULTS if fault.name in options.faults or fault.name not in kept]
    else:
        wanted = [fault for fault in FAULTS if kept.get(fault.name, {}).get("suites") != digest]
    with ThreadPoolExecutor(options.jobs) as pool:
        for fault, result in zip(wanted, pool.map(measure, wanted), strict=True):
            kept[fault.name] = {**result, "suites": digest}
            _KEPT.write_text(json.dumps(kept))
            print(f"{fault.name}: {len(result['failing'])} of {result['tests']} fail", flush=True)
    _PAGE.write_text(page(kept))
    silent = [fault.name for fault in FAULTS if not kept[fault.name]["failing"]]
    print(f"{len(FAULTS)} faults; {len(silent)} are noticed by no test{': ' if silent else ''}{', '.join(silent)}")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
