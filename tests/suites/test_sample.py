"""The sample project: its README says what is wrong with it and how to mend it, and both are true."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tui.plan.file import read_plan

SAMPLE = Path(__file__).parents[2] / "suites" / "sample"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(SAMPLE, tmp_path / "sample", ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    )


def _outcomes(project: Path) -> dict[str, int]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    counts = re.findall(r"(\d+) (\w+?)s?\b", ended.stdout.splitlines()[-1].partition(" in ")[0])
    return {outcome: int(number) for number, outcome in counts}


def test_what_the_readme_says_is_seen(sample: Path) -> None:
    outcomes = _outcomes(sample)
    assert outcomes.pop("passed") == 55
    assert outcomes == {"failed": 5, "error": 2, "skipped": 1, "xfailed": 1}


def test_mended_as_the_readme_says_nothing_fails(sample: Path) -> None:
    readme = (sample / "README.md").read_text()
    for file, old, new in [
        ("orderdesk/tokens.py", "LEEWAY = 60", "LEEWAY = 0.060"),
        (
            "orderdesk/prices.py",
            "return int(cents * (1 - percent / 100))",
            "return (cents * (100 - percent) + 50) // 100",
        ),
        ("data/rates.csv", "0,8610", "0.8610"),
    ]:
        assert f"`{file}`" in readme
        assert f"`{new}`" in readme
        text = (sample / file).read_text()
        assert old in text
        (sample / file).write_text(text.replace(old, new))
    assert _outcomes(sample) == {"passed": 62, "skipped": 1, "xfailed": 1}


def test_its_plan_names_what_is_there() -> None:
    plan = read_plan(SAMPLE / "stagewatch.toml")
    assert [tier.id for tier in plan.tiers] == ["P1", "P2", "P3", "P4"]
    claimed = [path for suite in plan.suites for path in suite.paths]
    assert sorted(claimed) == sorted(f"tests/{path.name}" for path in (SAMPLE / "tests").glob("test_*.py"))
