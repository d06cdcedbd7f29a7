"""The deploy of the pictures in ``look/``: 466 tests in 12 tiers, 266 done, seven failing, four workers busy."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import GatePolicy, Plan, Selection, Target, Tier

BEGAN = 1_757_244_000.0
NOW = BEGAN + 252.0
"""4:12 into the run: the frozen clock of every picture."""

TIERS = (
    ("P1", "critical", 25), ("P2", "", 10), ("P3", "", 15), ("P4", "", 15), ("P5", "", 15), ("P6", "", 15),
    ("Core", "", 58), ("Security", "", 109), ("Contract", "", 120), ("Scale", "", 16), ("Operations", "", 34),
    ("Other", "unmarked", 34),
)  # fmt: skip
TREND = {
    "P1": (1, 0, 0, 0, 3, 3), "P2": (0, 0, 1, 0, 0, 0), "P3": (1, 0, 0, 0, 0, 0), "P4": (0, 0, 0, 0, 0, 0),
    "P5": (0, 1, 0, 0, 0, 0), "P6": (0, 0, 0, 0, 0, 0), "Core": (1, 1, 0, 0, 0, 0), "Security": (1, 1, 0, 1, 0, 2),
    "Contract": (3, 2, 0, 0, 1, 1), "Scale": (3, 2, 1, 0, 0, 1), "Operations": (0, 0, 1, 0, 0, 0),
    "Other": (0, 0, 0, 0, 0, 0),
}  # fmt: skip

UPGRADE = e.Signature(
    "WebSocketUpgradeError", "the server answered 403 where 101 was expected", "stage/clients/ws.py:41 connect"
)
REFUND = e.Signature(
    "AssertionError", "refund total 19.99 != 20.00", "tests/orders/test_refund.py:52 test_refund_total"
)
AUDIT = e.Signature("ReadTimeout", "no answer after 5 s: GET /v2/audit", "stage/clients/http.py:88 get")
SCHEMA = e.Signature("ValidationError", "'currency' is required (GET /v2/orders)", "tests/openapi/test_responses.py:31")
TENANT = e.Signature("HTTPStatusError", "409 Conflict for POST /v2/tenants", "tests/conftest.py:60 tenant")

P1 = (
    "tests/ws/test_upgrade.py::test_upgrade_with_token[eu]",
    "tests/ws/test_upgrade.py::test_upgrade_with_token[us]",
    "tests/orders/test_refund.py::test_refund_total_matches_invoice",
    "tests/ws/test_upgrade.py::test_reconnect_after_token_refresh",
    "tests/ws/test_logout.py::test_logout_closes_socket",
    "tests/shop/test_checkout.py::test_checkout_happy_path", "tests/auth/test_login.py::test_login_password",
    "tests/auth/test_login.py::test_login_sso", "tests/auth/test_login.py::test_login_mfa",
    "tests/shop/test_cart.py::test_cart_add_item", "tests/shop/test_cart.py::test_cart_remove_item",
    "tests/shop/test_price.py::test_price_includes_vat", "tests/pay/test_pay.py::test_pay_by_card",
    "tests/pay/test_pay.py::test_pay_by_invoice",
)  # fmt: skip
NAMED = {
    "P1": P1,
    "P2": ("tests/orders/test_cancel.py::test_cancel_twice_is_idempotent",),
    "Security": (
        "tests/auth/test_scopes.py::test_reader_cannot_write[orders]",
        "tests/auth/test_audit.py::test_audit_is_written",
        "tests/ws/test_upgrade.py::test_ws_rejects_anonymous",
    ),
    "Contract": (
        "tests/openapi/test_responses.py::test_schema[GET /v2/orders]",
        "tests/openapi/test_responses.py::test_schema_currency",
        "tests/tenants/test_tenant.py::test_tenant_is_created_once",
    ),
}  # fmt: skip


@dataclass
class Deploy:
    """Events in the making; tests by number from 1, in the plan's order."""

    events: list[e.Event] = field(default_factory=list)
    ids: dict[str, list[int]] = field(default_factory=dict)
    evidence: dict[tuple[int, int], e.Evidence] = field(default_factory=dict)

    def feed(self) -> ScriptedFeed:
        return ScriptedFeed(self.events, self.evidence)

    def result(
        self, test: int, outcome: e.Outcome, at: float, duration: float, signature: e.Signature | None = None,
        message: str = "", worker: int = 1, exit: e.Exit | None = None, has_evidence: bool = False,
        cold_reason: str | None = None, age: float | None = None,
    ) -> None:  # fmt: skip
        """An attempt that ends ``at`` seconds after the beginning."""
        end = BEGAN + at
        self.events.append(e.TestStarted(end - duration, test, worker))
        self.events.append(
            e.TestFinished(
                end, test, worker, 1, outcome, end - duration, duration, (0.02, duration, 0.01), BEGAN, cold_reason,
                message or (f"{signature.exception}: {signature.message}" if signature else ""), signature, exit,
                has_evidence=has_evidence, age=age,
            )
        )  # fmt: skip

    def start(self, test: int, worker: int, before_now: float) -> None:
        self.events.append(e.TestStarted(NOW - before_now, test, worker))


def deploy() -> Deploy:
    """The picture's run, 252 seconds old."""
    made = begun()
    ids = made.ids
    for worker in (1, 2, 3, 4):
        made.events.append(e.WorkerStarted(BEGAN + 2, worker, 4120 + worker, 1))
    everything = tuple(test for tests in ids.values() for test in tests)
    made.events.append(e.PassBegan(BEGAN + 2, 1, everything, BEGAN, "ann@pts/3"))
    p1, security, contract = ids["P1"], ids["Security"], ids["Contract"]
    made.result(p1[0], "failed", 41, 0.84, UPGRADE, has_evidence=True)
    made.result(p1[1], "failed", 42, 0.79, UPGRADE)
    made.result(security[2], "failed", 43, 0.82, UPGRADE)
    made.result(p1[2], "failed", 118, 2.31, REFUND, has_evidence=True)
    made.result(security[1], "failed", 182, 5.02, AUDIT)
    made.result(contract[1], "failed", 216, 0.41, SCHEMA)
    made.result(contract[2], "error", 230, 0.31, TENANT)
    for test in p1[6:25]:
        made.result(test, "passed", 20, _TOOK[test % len(_TOOK)])
    for test in ids["P2"][1:]:
        made.result(test, "passed", 50, 0.4)
    for tier in ("P3", "P4", "P5", "P6", "Core"):
        tests = ids[tier]
        skipped = 1 if tier == "P4" else 0
        for test in tests[skipped:]:
            made.result(test, "passed", 60, 0.4)
        for test in tests[:skipped]:
            made.result(test, "skipped", 60, 0.0)
    for test in security[3:77]:
        made.result(test, "skipped" if test in security[3:5] else "passed", 150, 0.4)
    for test in contract[3:42]:
        made.result(test, "skipped" if test == contract[3] else "passed", 200, 0.4)
    made.start(p1[3], 1, 12.0)
    made.start(ids["P2"][0], 2, 1.2)
    made.start(security[0], 3, 0.4)
    made.start(contract[0], 4, 2.1)
    made.evidence[p1[0], 1] = evidence()
    made.evidence[p1[2], 1] = refund_evidence()
    return made


_TOOK = (0.31, 0.92, 1.10, 0.44, 0.41, 0.38, 3.02, 2.75)


def begun(**policies: GatePolicy) -> Deploy:
    """Collected, nothing asked to run yet. ``policies``: of tiers that differ from the picture's."""
    made = Deploy()
    plan = Plan(
        "stagewatch.toml", Target("staging-eu1", "https://staging-eu1.example"),
        tiers=tuple(
            Tier(id, title, order, policies.get(id) or _policy(id)) for order, (id, title, _) in enumerate(TIERS)
        ),
    )  # fmt: skip
    made.events.append(
        e.IterationBegan(
            BEGAN, e.VERSION, 7, "shop", "/srv/shop", plan, Selection(), 4, revision="8f3c2e1 main", by="ann@pts/3",
            trend=TREND,
        )
    )  # fmt: skip
    number = 0
    for id, _, count in TIERS:
        tests = []
        for index in range(count):
            number += 1
            named = NAMED.get(id, ())
            node = (
                named[index] if index < len(named) else f"tests/{id.lower()}/test_{id.lower()}.py::test_case_{index:03}"
            )
            usual = {"P1": 4.14, "P2": 2.0, "Security": 0.6, "Contract": 2.2}.get(id, 1.9) if index < 4 else 1.9
            last: e.Outcome = "failed" if node in (P1[0], NAMED["Security"][1]) else "passed"
            tests.append(
                e.FoundTest(number, node, id, "s", path=node.partition("::")[0], line=88, usual=usual, last=last)
            )
        made.ids[id] = [test.id for test in tests]
        made.events.append(e.TestsFound(BEGAN + 1, tuple(tests)))
    made.events.append(e.Collected(BEGAN + 2, 1, "3.11.7", "9.2.0", number, 1.2, "d1"))
    return made


def _policy(tier: str) -> GatePolicy:
    return GatePolicy(pass_rate={"P1": 1.0, "P2": 0.9, "Contract": 0.98}.get(tier))


def evidence() -> e.Evidence:
    """What the failed upgrade left behind."""
    lines = (
        "async def test_upgrade_with_token(region, token):",
        "    url = ws_url(region)",
        '    session = await login(token, user="qa-7")  # a fresh one',
        "",
        "    ws = await connect(url, session=session)",
        "    assert ws.status == 101",
        "    await ws.close()",
    )
    frames = (
        e.Frame(
            "tests/ws/test_upgrade.py", 88, "test_upgrade_with_token", "ws = await connect(url, session=session)", True
        ),
        *(e.Frame("site-packages/websockets/client.py", 300 + n, "handshake", "await self.reply()") for n in range(6)),
        e.Frame("stage/clients/ws.py", 41, "connect", "raise WebSocketUpgradeError(reply)", True),
    )
    traceback = (
        "region = 'eu', token = 'tok-eu'\n\n"
        "    async def test_upgrade_with_token(region, token):\n"
        ">       ws = await connect(url, session=session)\n\n"
        "tests/ws/test_upgrade.py:88:\n"
        "stage/clients/ws.py:41: in connect\n"
        "    raise WebSocketUpgradeError(reply)\n"
        "E   WebSocketUpgradeError: the server answered 403 where 101 was expected\n"
    )
    sections = (
        ("Captured stdout call", "login qa-7 ok, token valid until 18:59\nconnect wss://staging-eu1/v2/stream\n"),
        ("Captured log call", "INFO  ws:41 < 403 Forbidden in 41 ms\nINFO  ws:44 closing, no retry on 403\n"),
    )
    return e.Evidence(traceback, frames, e.Source("tests/ws/test_upgrade.py", 84, 88, lines), sections)


def refund_evidence() -> e.Evidence:
    """A comparison of two values."""
    traceback = (
        ">       assert totals == invoice\n"
        "E       AssertionError: refund total 19.99 != 20.00\n"
        "E       assert {'tax': 3.8, 'total': 19.99} == {'tax': 3.8, 'total': 20.0}\n"
        "E         Differing items:\n"
        "E         - 'total': 20.0,\n"
        "E         ?           ^^^\n"
        "E         + 'total': 19.99,\n"
    )
    return e.Evidence(traceback, cut=("the traceback was shortened to its last 40 lines",))


def passed() -> Deploy:
    """The same tests, all passed but for a few skipped, done after four minutes."""
    made = begun()
    made.events.append(e.WorkerStarted(BEGAN + 2, 1, 4121, 1))
    everything = [test for tests in made.ids.values() for test in tests]
    made.events.append(e.PassBegan(BEGAN + 2, 1, tuple(everything), BEGAN, "ann@pts/3"))
    for test in everything:
        made.result(test, "skipped" if test % 155 == 0 else "passed", 240, 0.4)
    made.events.append(e.PassEnded(BEGAN + 241, 1))
    return made
