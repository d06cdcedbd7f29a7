"""What a plan and a command line keep secret is neither recorded nor shown."""

from __future__ import annotations

import msgspec

from tui.plan.model import Plan, Selection, Suite, Target
from tui.session.recorded import MASKED, recorded_plan, recorded_selection


def test_names_stay_and_values_go() -> None:
    plan = Plan(
        target=Target(
            "staging", "https://ann:s3cr3t@shop.test/a@b", "wss://shop.test:8443", credentials={"a": "env:A"}
        ),
        suites=(Suite("api", "P1", paths=("api",), env={"DB": "s3cr3t", "REGION": "eu"}),),
    )
    recorded = recorded_plan(plan, lambda text: text)
    assert recorded.suites[0].env == {"DB": MASKED, "REGION": MASKED}
    assert recorded.target.base_url == f"https://ann:{MASKED}@shop.test/a@b"
    assert msgspec.structs.replace(recorded.target, base_url=plan.target.base_url) == plan.target
    assert msgspec.structs.replace(recorded.suites[0], env=plan.suites[0].env) == plan.suites[0]


def test_every_word_of_the_command_line_is_masked() -> None:
    selection = Selection(
        ("a/s3cr3t.py",),
        ("P1",),
        ("api",),
        "not s3cr3t",
        "s3cr3t",
        ("--url=https://ann:p@w@shop.test", "-o", "x=s3cr3t"),
    )
    assert recorded_selection(selection, lambda text: text.replace("s3cr3t", MASKED)) == Selection(
        (f"a/{MASKED}.py",), ("P1",), ("api",), f"not {MASKED}", MASKED,
        (f"--url=https://ann:{MASKED}@shop.test", "-o", f"x={MASKED}"),
    )  # fmt: skip
