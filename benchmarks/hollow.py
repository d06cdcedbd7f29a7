"""Would the bundled suites notice that there is no platform? Three servers that are none, and what passes on them.

    python benchmarks/hollow.py

At most 2% may pass where login works and everything else is empty; none where everything is ``500``;
none, and none skipped, where nothing listens. Exit code 1 otherwise.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from hollow_servers import variables
from suite_runs import Outcome, run_suites, started

_PATIENCE = {"STAGING_TIMEOUT": "1"}


def passing(outcomes: Mapping[str, Outcome]) -> list[str]:
    """The tests that see nothing wrong."""
    return sorted(test for test, outcome in outcomes.items() if outcome.outcome == "passed")


def skipped(outcomes: Mapping[str, Outcome]) -> list[str]:
    """The tests that did not look."""
    return sorted(test for test, outcome in outcomes.items() if outcome.outcome == "skipped")


def main() -> int:
    server = str(Path(__file__).with_name("hollow_servers.py"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        servers = {
            "login works, all else is empty": (started([server, "grants"]), 0.02),
            "everything is 500": (started([server, "refuses"]), 0.0),
            "nothing listens": (nullcontext(variables(closed.getsockname()[1])), 0.0),
        }
        good = True
        for name, (environment, most) in servers.items():
            with environment as found:
                outcomes = run_suites({**found, **_PATIENCE})
            passed, unseen = passing(outcomes), skipped(outcomes)
            fine = bool(outcomes) and len(passed) <= most * len(outcomes) and not unseen
            print(
                f"{name}: {len(passed)} of {len(outcomes)} pass, {len(unseen)} skipped{'' if fine else '  <-- WRONG'}"
            )
            for test in [*passed, *unseen]:
                print(f"  {test}")
            good = good and fine
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
