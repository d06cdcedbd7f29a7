"""What benchmarks share: made projects, an environment with pytest in it, and timing in turns."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stagewatch-bench"


def about() -> str:
    """When and where something was measured."""
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((fact.partition(":")[2].strip() for fact in facts if fact.startswith("model name")), "unknown")
    machine = f"{os.cpu_count()} cores ({model}), {platform.system()} {platform.release().partition('-')[0]}"
    now = time.strftime("%Y-%m-%d %H:%M")
    return f"{now}, {machine}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def python_with(*packages: str) -> str:
    """An interpreter that has these packages and nothing else; made once."""
    folder = CACHE / ("-".join(sorted(packages)).replace("==", "") or "bare")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return str(python)


def trivial_project(folder: Path, modules: int, tests: int, failing: int = 0) -> Path:
    """``modules`` × ``tests`` empty tests; ``failing`` of the first module's fail."""
    (folder / "tests").mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for number in range(modules):
        fails = failing if number == 0 else 0
        (folder / "tests" / f"test_{number}.py").write_text(
            f"import pytest\n@pytest.mark.parametrize('i', range({tests}))\ndef test_it(i): assert i >= {fails}\n"
        )
    return folder


def in_turns(rounds: int, **ways: Callable[[], float]) -> dict[str, list[float]]:
    """Each way once a round, in turn, so that the machine's mood falls on all alike. One round more to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            took = way()
            if number:
                seconds[name].append(took)
    return seconds


def ratios(seconds: dict[str, list[float]], of: str, to: str) -> str:
    """``of`` / ``to`` round by round: median (least to most)."""
    each = [a / b for a, b in zip(seconds[of], seconds[to], strict=True)]
    return f"{of} / {to}: {statistics.median(each):.3f} ({min(each):.3f} to {max(each):.3f})"


def whole_process(*command: str, cwd: Path) -> float:
    """Seconds from start to exit."""
    began = time.perf_counter()
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began
