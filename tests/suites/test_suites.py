"""The bundled suites as a whole: what was planned is there, and without a target they say so once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tui.plan.file import read_plan

SUITES = Path(__file__).parents[2] / "suites"
PLANNED = {
    "p1-critical": 25, "p2-high": 10, "p3-medium-high": 15, "p4-medium": 15, "p5-medium-low": 15, "p6-low": 15,
    "websocket-events": 5, "message-flow": 5, "agent-pipeline": 6, "agent-orchestration": 6, "response-streaming": 6,
    "failure-recovery": 6, "startup-resilience": 6, "lifecycle-events": 6, "coordination": 6, "critical-path": 6,
    "connectivity": 4, "authentication": 33, "token-lifecycle": 36, "authorization": 36, "cors": 20,
    "rest-contract": 40, "websocket-protocol": 36, "event-delivery": 24, "tools": 20, "rate-limits": 14,
    "concurrency": 16, "observability": 16, "persistence": 18,
}  # fmt: skip
"""Tests by suite: 466 in all."""


def run_pytest(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STAGING_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=SUITES, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_every_suite_of_the_plan_has_as_many_tests_as_were_planned() -> None:
    collected = run_pytest("--collect-only")
    assert collected.returncode == 0, collected.stdout + collected.stderr
    nodes = [line for line in collected.stdout.splitlines() if "::" in line]
    found: Counter[str] = Counter()
    for suite in read_plan(SUITES / "stagewatch.toml").suites:
        inside = [n for n in nodes if any(n.startswith((f"{path}/", f"{path}::")) for path in suite.paths)]
        found[suite.id] = len(inside)
    assert dict(found) == PLANNED
    assert len(nodes) == sum(PLANNED.values()) == 466


def test_without_a_target_there_is_one_clear_error_and_nothing_green_or_skipped() -> None:
    done = run_pytest()
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "STAGING_BASE_URL, STAGING_WS_URL, STAGING_USER, STAGING_PASSWORD are not set" in done.stderr
    assert "passed" not in done.stdout and "skipped" not in done.stdout
