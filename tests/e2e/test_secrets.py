"""Secrets of the plan and the command line, in a real run."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.e2e.user import GREEN, User, until
from tui.client.live import LiveFeed
from tui.session.recorded import MASKED


async def test_nothing_planted_reaches_the_journal_or_a_viewer(user: User) -> None:
    secrets = ("planted_token_value", "planted_suite_value", "planted_suite_password", "planted_url_password")
    root = user.project("planted", GREEN)
    (root / "stagewatch.toml").write_text(
        '[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\npaths = ["test_green.py"]\n'
        'env = { REGION = "planted_suite_value", DB_PASSWORD = "planted_suite_password" }\n'
    )
    user.env["API_TOKEN"] = "planted_token_value"
    begun = user.run(
        "--headless", "--keep", "-k", "not planted_token_value", "-m", "not planted_suite_password", "--",
        "-o", "junit_suite_name=planted_token_value", "-o", "junit_logging=http://a:planted_url_password@b", cwd=root,
    )  # fmt: skip
    assert "2 tests: 2 passed" in begun.out, begun
    feed = await LiveFeed.connect(Path(user.session().socket), read_only=True)
    await feed.close()
    assert feed.state.plan.suites[0].env == {"REGION": MASKED, "DB_PASSWORD": MASKED}
    seen = [begun.out.encode(), msgspec.json.encode(feed.state), msgspec.json.encode(user.recorded(root))]
    seen += [file.read_bytes() for file in user.folder(root).glob("journal*")]
    assert user.type("stop", cwd=root).code == 0
    until(lambda: not user.sessions())
    seen += [file.read_bytes() for file in user.folder(root).rglob("*") if file.is_file()]
    assert not [secret for secret in secrets for text in seen if secret.encode() in text]
