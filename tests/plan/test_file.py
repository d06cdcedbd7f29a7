"""Finding the plan file, and reading one that is right."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import msgspec
import pytest

from tui.errors import StagewatchError
from tui.plan.file import find_plan, read_plan
from tui.plan.model import Cover, GatePolicy, Plan, Suite, Target, Tier, Value

WHOLE = """
[target]
name = "staging"
base_url = "https://staging.example.com"
ws_url = "wss://staging.example.com/ws"
version_url = "https://staging.example.com/version"
health_url = "https://staging.example.com/health"
credentials = { user = "env:STAGING_USER", password = "file:~/.stagewatch/password" }
never = ["*.prod.example.com"]
start = ["{python}", "-m", "environment", ""]
start_timeout = "1m"

[run]
tiers = ["core"]
suites = ["pay"]
keyword = "not legacy"
markers = "not slow"

[gate]
pass_rate = 0.98
flaky = 2

[[tier]]
id = "P1"
title = "critical"
order = 1
gate = { pass_rate = 1.0, least = 25, flaky = 0, skipped = 0 }

[tier.value]
amount = 120000
currency = "USD"
period = "month"
owner = "payments"
as_of = 2025-09-01
source = "finance sheet 12"

[[tier]]
id = "core"

[[suite]]
id = "pay"
tier = "P1"

[[suite]]
id = "ws-events"
title = "WebSocket events"
tier = "core"
paths = ["tests/ws"]
markers = "not slow"
keyword = "event and not (old or legacy)"
env = { LANG = "C" }
timeout = "1m30s"
workers = 4
spread = "tests"
exclusive = true
"""


def test_every_key_reaches_the_model(tmp_path: Path) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(WHOLE)
    assert read_plan(path) == Plan(
        source=str(path),
        target=Target(
            name="staging",
            base_url="https://staging.example.com",
            ws_url="wss://staging.example.com/ws",
            version_url="https://staging.example.com/version",
            health_url="https://staging.example.com/health",
            credentials={"user": "env:STAGING_USER", "password": "file:~/.stagewatch/password"},
            never=("*.prod.example.com",),
            start=("{python}", "-m", "environment", ""),
            start_timeout=60.0,
        ),
        run=Cover(("core",), ("pay",), "not legacy", "not slow"),
        gate=GatePolicy(pass_rate=0.98, flaky=2),
        tiers=(
            Tier(
                "P1",
                "critical",
                1,
                GatePolicy(pass_rate=1.0, least=25, flaky=0, skipped=0),
                Value(120000.0, "USD", "month", "payments", datetime.date(2025, 9, 1), "finance sheet 12"),
            ),
            Tier("core", order=2),
        ),
        suites=(
            Suite("pay", "P1"),
            Suite(
                "ws-events",
                "core",
                "WebSocket events",
                paths=("tests/ws",),
                markers="not slow",
                keyword="event and not (old or legacy)",
                env={"LANG": "C"},
                timeout=90.0,
                workers=4,
                spread="tests",
                exclusive=True,
            ),
        ),
    )


def test_a_plan_survives_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(WHOLE)
    plan = read_plan(path)
    assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan


def test_the_same_in_pyproject(tmp_path: Path) -> None:
    own, shared = tmp_path / "stagewatch.toml", tmp_path / "pyproject.toml"
    own.write_text(WHOLE)
    moved = WHOLE.replace("[[", "[[tool.stagewatch.").replace("\n[", "\n[tool.stagewatch.")
    shared.write_text(
        "[project]\nname = 'x'\n" + moved.replace("[tool.stagewatch.[tool.stagewatch.", "[[tool.stagewatch.")
    )
    assert msgspec.structs.replace(read_plan(shared), source=str(own)) == read_plan(own)


def test_an_empty_plan_is_a_plan(tmp_path: Path) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text("")
    assert read_plan(path) == Plan(source=str(path))


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert len(read_plan(path).suites) == 2


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30", 30.0), ("0.5", 0.5), ('"30s"', 30.0), ('"2m"', 120.0), ('"500ms"', 0.5), ('"1h2m3.5s"', 3723.5)],
)
def test_durations(tmp_path: Path, written: str, seconds: float) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(f'[[tier]]\nid = "a"\n[[suite]]\nid = "s"\ntier = "a"\ntimeout = {written}\n')
    assert read_plan(path).suites[0].timeout == seconds


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "  ",
        "slow",
        "not slow",
        "(a or b) and not c",
        "not(a)",
        "a::b or x/y.py or p[1-2]",
        "env(name='it', n=2) and x",
    ],
)
def test_marker_expressions_that_some_pytest_takes(tmp_path: Path, expression: str) -> None:
    path = tmp_path / "stagewatch.toml"
    path.write_text(f'[[tier]]\nid = "a"\n[[suite]]\nid = "s"\ntier = "a"\nmarkers = "{expression}"\n')
    assert read_plan(path).suites[0].markers == expression


class TestFinding:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        (tmp_path / "stagewatch.toml").write_text("# of a stranger, above the repository\n")
        root = tmp_path / "repository"
        (root / ".git").mkdir(parents=True)
        (root / "service" / "tests").mkdir(parents=True)
        return root

    def test_no_plan(self, repository: Path) -> None:
        assert find_plan(repository / "service") is None

    def test_from_a_folder_below(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        assert find_plan(repository / "service" / "tests") == repository / "stagewatch.toml"

    def test_from_a_test_file(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        file = repository / "service" / "tests" / "test_a.py"
        file.touch()
        assert find_plan(file) == repository / "stagewatch.toml"

    def test_the_nearest_wins(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        (repository / "service" / "pyproject.toml").write_text("[tool.stagewatch]\n")
        assert find_plan(repository / "service" / "tests") == repository / "service" / "pyproject.toml"

    def test_the_own_file_wins_over_pyproject(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        (repository / "pyproject.toml").write_text("[tool.stagewatch]\n")
        assert find_plan(repository) == repository / "stagewatch.toml"

    def test_a_pyproject_that_says_nothing_of_us_is_passed_by(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        (repository / "service" / "pyproject.toml").write_text("[project]\ndescription = 'stagewatch'\n")
        assert find_plan(repository / "service") == repository / "stagewatch.toml"

    def test_a_broken_pyproject_with_a_plan_is_the_plan(self, repository: Path) -> None:
        (repository / "pyproject.toml").write_text("[[tool.stagewatch.tier]]\nid = \n")
        assert find_plan(repository) == repository / "pyproject.toml"
        (repository / "pyproject.toml").write_text("[tool.other]\nstagewatch = \n")
        assert find_plan(repository) is None

    def test_without_a_repository_the_project_file_is_the_root(self, tmp_path: Path) -> None:
        (tmp_path / "stagewatch.toml").touch()
        project = tmp_path / "project"
        (project / "tests").mkdir(parents=True)
        assert find_plan(project / "tests") is None
        (project / "pytest.ini").touch()
        (project / "stagewatch.toml").touch()
        assert find_plan(project / "tests") == project / "stagewatch.toml"

    def test_a_plan_is_found_even_if_it_is_a_link_to_nothing(self, repository: Path) -> None:
        (repository / "stagewatch.toml").symlink_to("gone")
        assert find_plan(repository) == repository / "stagewatch.toml"

    def test_what_is_asked_for_is_taken(self, repository: Path) -> None:
        (repository / "stagewatch.toml").touch()
        assert find_plan(repository, Path("other.toml")) == Path("other.toml")


class TestUnreadable:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(StagewatchError, match=r"gone\.toml: the plan can't be read \(No such file or directory\)"):
            read_plan(tmp_path / "gone.toml")

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(StagewatchError, match="expected a plan file, found a folder"):
            read_plan(tmp_path)

    def test_not_permitted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "stagewatch.toml"
        path.touch(mode=0)
        if os.access(path, os.R_OK):  # root may read everything

            def refuse(self: Path, mode: str) -> None:
                raise PermissionError(13, "Permission denied")

            monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(StagewatchError, match=r"can't be read \(Permission denied\)"):
            read_plan(path)

    def test_not_utf8(self, tmp_path: Path) -> None:
        path = tmp_path / "stagewatch.toml"
        path.write_bytes(b"# one\n# two\nname = '\xff'\n")
        with pytest.raises(StagewatchError, match=r"stagewatch\.toml:3: expected text in UTF-8, found the byte 0xff"):
            read_plan(path)

    def test_endless(self) -> None:
        with pytest.raises(StagewatchError, match="at most 1 MB"):
            read_plan(Path("/dev/zero"))

    def test_a_pyproject_without_a_plan(self, tmp_path: Path) -> None:
        path = tmp_path / "pyproject.toml"
        path.write_text("[project]\n")
        with pytest.raises(StagewatchError, match=r"expected a table \[tool\.stagewatch\], found none"):
            read_plan(path)

    def test_a_name_that_no_terminal_should_see(self, tmp_path: Path) -> None:
        path = tmp_path / "a\x1b[31m\udcff.toml"
        path.write_text("x = 1\n")
        with pytest.raises(StagewatchError) as caught:
            read_plan(path)
        assert str(caught.value).isprintable()
        path.write_text("")
        msgspec.json.encode(read_plan(path))
