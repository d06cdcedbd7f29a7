"""A hundred secrets, planted wherever a test can say one: none of them leaves the worker that saw it."""

from __future__ import annotations

import base64
import json
import shutil
import zlib
from pathlib import Path

import pytest

from tests.engine.host import Commanded, Hosted, command, make_project
from tui.engine.launcher import Channel
from tui.plan.model import Plan, Target

NAMES = ("API_TOKEN", "CLIENT_SECRET", "DB_PASSWORD", "SIGNING_KEY", "AWS_CREDENTIAL")
ENVIRONMENT = {f"{name}_{n}": f"planted-{name.lower()}-{n}-Zq{n * 7919}/x+y" for name in NAMES for n in range(14)}
BY_ENV = {"STAGING_USER": "planted-user-by-reference"}
BY_FILE = "planted-password-by-file"
HEADERS = [f"planted-header-{n}-9d{n}" for n in range(16)]


def jwt(n: int) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'HS256', 'n': n})}.{part({'sub': f'planted-{n}'})}.{part('planted-signature')}"


JWTS = [jwt(n) for n in range(14)]
ALL = [*ENVIRONMENT.values(), *BY_ENV.values(), BY_FILE, *HEADERS, *(token.split(".")[1] for token in JWTS)]

MODULE = '''
import base64, json, logging, os, sys, urllib.parse, warnings
import pytest

ENV = {name: value for name, value in os.environ.items() if "planted" in value}
HEADERS, JWTS = %(headers)r, %(jwts)r
warnings.warn("seen at import: " + ENV["API_TOKEN_0"])


def every():
    return list(ENV.values())


def test_output():
    for value in every(): sys.stdout.write(f"<{value}>\\n")
    sys.stderr.write(json.dumps(ENV) + repr(ENV) + urllib.parse.urlencode(ENV))
    sys.stdout.write(base64.b64encode(ENV["DB_PASSWORD_1"].encode()).decode())
    raise AssertionError


def test_log(caplog):
    for value in every(): logging.getLogger("auth").warning("using %%s", value)
    raise AssertionError


def test_message():
    raise ValueError(" ".join(every()))


def test_comparison():
    assert every() == []


def test_local_variables():
    one, *others = every()
    def deep(argument):
        assert argument == others, f"got {argument}"
    deep(one)


def test_headers_in_a_dict():
    headers = {"Authorization": f"Bearer {HEADERS[0]}", "Cookie": f"a={HEADERS[1]}; b={HEADERS[2]}"}
    assert headers == {"Accept": "*/*"}


def test_headers_as_json():
    raise ValueError(json.dumps({"authorization": HEADERS[3], "set-cookie": f"s={HEADERS[4]}; Path=/"}))


def test_headers_raw():
    sys.stdout.write(f"> GET / HTTP/1.1\\n> Authorization: Basic {HEADERS[5]}\\n")
    sys.stdout.write(f"> Cookie: s={HEADERS[6]}; t={HEADERS[7]}\\n")
    raise ValueError(f"b'Authorization: Bearer {HEADERS[8]}\\\\r\\\\nHost: a'")


def test_headers_as_pairs():
    raise ValueError(repr([("Authorization", f"Token {HEADERS[9]}"), (b"cookie", f"a={HEADERS[10]}".encode())]))


def test_headers_in_words():
    digest = f'Digest username="u", response="{HEADERS[12]}"'
    raise ValueError(f"sent Bearer {HEADERS[11]} and Authorization: {digest}")


def test_headers_logged():
    logging.getLogger("http").error("X-Api-Key: %%s", HEADERS[13])
    logging.getLogger("http").error("headers=%%s", {"Proxy-Authorization": HEADERS[14], "Cookie": HEADERS[15]})
    raise AssertionError


@pytest.mark.parametrize("token", JWTS[:7] + every()[:7])
def test_parameter(token):
    raise ValueError(token)


@pytest.mark.parametrize("n", range(7), ids=JWTS[7:])
def test_named_by_one(n):
    sys.stdout.write(f"https://host/?t={JWTS[n]}")


def test_subtests(subtests):
    for value in every()[:5]:
        with subtests.test(value, header=HEADERS and JWTS[1]):
            raise ValueError(value)


@pytest.mark.skip(reason="needs " + ENV["CLIENT_SECRET_3"])
def test_skipped(): pass


@pytest.mark.xfail(reason="wrong " + ENV["SIGNING_KEY_4"])
def test_expected(): raise ValueError(ENV["SIGNING_KEY_5"])


@pytest.fixture
def leaks():
    yield
    raise RuntimeError("could not log out " + ENV["AWS_CREDENTIAL_2"])


def test_teardown(leaks): sys.stdout.write(ENV["AWS_CREDENTIAL_3"])


def test_warns():
    warnings.warn(ENV["API_TOKEN_5"])


def test_exits():
    sys.stderr.write(ENV["API_TOKEN_6"])
    pytest.exit(f"refused {ENV['API_TOKEN_7']}") if os.environ.get("EXIT") else None


def test_long_output():
    """A secret lies across each place where the text is cut."""
    value = ENV["API_TOKEN_8"]
    sys.stdout.write(value * (400_000 // len(value)))
    raise AssertionError
'''
BROKEN = """
import os
raise RuntimeError("can't log in as " + os.environ["STAGING_USER"] + os.environ["API_TOKEN_9"] + " with " + PASSWORD)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    password = folder / "password"
    password.write_text(BY_FILE + "\n")
    # What the tests have to know can't stand in their source: source lines are shown.
    values = "import json, pathlib\n"
    project = make_project(
        folder / "project",
        test_secrets=MODULE % {"headers": [], "jwts": []},
        test_broken=BROKEN.replace(
            "import os", "import os, pathlib\nPASSWORD = pathlib.Path('../password').read_text()"
        ),
    )
    (folder / "planted.json").write_text(json.dumps([HEADERS, JWTS]))
    text = (project / "test_secrets.py").read_text()
    load = f"{values}HEADERS, JWTS = json.loads(pathlib.Path('../planted.json').read_text())"
    (project / "test_secrets.py").write_text(text.replace("HEADERS, JWTS = [], []", load))
    (project / "stagewatch.toml").write_text(
        f'[target]\nname = "staging"\ncredentials = {{ user = "env:STAGING_USER", password = "file:{password}" }}\n'
        '[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\npaths = ["."]\n'
    )
    return project


@pytest.fixture(scope="module")
def ran(project: Path) -> Commanded:
    return command(project, **ENVIRONMENT, **BY_ENV)


def leaks(text: str) -> list[str]:
    return [secret for secret in ALL if secret in text]


def test_there_are_a_hundred() -> None:
    assert len(set(ALL)) >= 100


def test_every_test_has_run(ran: Commanded) -> None:
    assert ran.code == 1
    outcomes = [test["outcome"] for test in ran.document["tests"]]
    assert (outcomes.count("failed"), outcomes.count("error")) == (12 + 14 + 1, 2)
    assert ran.outcomes()["test_broken.py"] == "error"


@pytest.mark.parametrize("where", ["out", "error", "junit"])
def test_nothing_is_shown(ran: Commanded, where: str) -> None:
    text = getattr(ran, where)
    assert text or where == "error"
    assert leaks(text) == []


def test_nothing_is_in_the_results(ran: Commanded) -> None:
    text = json.dumps(ran.document, ensure_ascii=False)
    assert "‹masked›" in text
    assert leaks(text) == []


def test_nothing_is_in_the_state_folder(ran: Commanded, state_home: Path) -> None:
    """Byte by byte, and once more with all that is compressed in the journal taken apart."""
    assert ran.code == 1
    looked_at = 0
    for path in state_home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            looked_at += len(data)
            assert leaks(data.decode("utf-8", "replace") + unpacked(data)) == [], path
    assert looked_at > 10_000


def unpacked(data: bytes) -> str:
    """Every zlib stream in it."""
    found = []
    for start in range(len(data)):
        if data[start : start + 1] == b"\x78":
            try:
                found.append(zlib.decompressobj().decompress(data[start:]))
            except zlib.error:
                continue
    return b"\n".join(found).decode("utf-8", "replace")


async def test_nothing_passes_through_the_pipe(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = shutil.copytree(project.parent, tmp_path / "copy") / project.name
    for name, value in {**ENVIRONMENT, **BY_ENV, "EXIT": "1"}.items():
        monkeypatch.setenv(name, value)
    heard: list[bytes] = []
    hear = Channel.pipe_data_received

    def listen(self: Channel, fd: int, data: bytes) -> None:
        heard.append(data)
        hear(self, fd, data)

    monkeypatch.setattr(Channel, "pipe_data_received", listen)
    plan = Plan(target=Target(credentials={"user": "env:STAGING_USER", "password": f"file:{copy.parent / 'password'}"}))
    async with Hosted(copy, plan=plan) as hosted:
        told = await hosted.run()
    assert "refused ‹masked›" in told.notices()
    raw = b"".join(heard).decode()
    assert len(raw) > 100_000
    assert leaks(raw) == []


def test_what_pytest_said_when_it_could_not_start_is_masked(project: Path, tmp_path: Path) -> None:
    """That comes from its log, which no worker has masked."""
    broken = make_project(tmp_path / "broken", conftest=BROKEN.replace("PASSWORD", "''"), test_a="def test_a(): pass")
    (broken / "stagewatch.toml").write_text((project / "stagewatch.toml").read_text())
    ran = command(broken, **ENVIRONMENT, **BY_ENV)
    assert ran.code == 1
    assert "can't log in as ‹masked›" in ran.document["tests"][0]["attempts"][0]["traceback"]
    assert leaks(json.dumps(ran.document) + ran.out + ran.error + ran.junit) == []
