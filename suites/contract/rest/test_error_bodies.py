"""What the platform says to a request that it cannot read, or that leads nowhere."""

from __future__ import annotations

import json

from suites.client import Client
from suites.expect import problem

JSON = {"content-type": "application/json"}
LIMIT = 256 * 1024


async def test_a_body_that_is_no_json_object_is_malformed(member: Client) -> None:
    for content in (b'{"title": "t"', b'["title"]', b'"title"', b'{"title": "\xff"}', b""):
        response = await member.request("POST", "/threads", content=content, headers=JSON)
        refused = problem(response, 400, "malformed")
        assert refused["instance"] == "/threads"
        assert refused["title"]
        assert refused["detail"]

    assert (await member.request("POST", "/threads", content=b'{"title": "t"}', headers=JSON)).status_code == 201
    assert [thread["title"] for thread in await member.everything("/threads")] == ["t"]


async def test_a_body_of_another_type_is_not_read_as_json(member: Client) -> None:
    body = b'{"title": "t"}'

    for type in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        response = await member.request("POST", "/threads", content=body, headers={"content-type": type})
        problem(response, 415, "unsupported-media-type")
    with_charset = {"content-type": "application/json; charset=utf-8"}

    assert (await member.request("POST", "/threads", content=body, headers=with_charset)).status_code == 201
    assert len(await member.everything("/threads")) == 1


async def test_a_body_may_fill_the_limit_but_not_exceed_it(member: Client) -> None:
    full = json.dumps({"title": "t"}).encode().ljust(LIMIT)

    accepted = await member.request("POST", "/threads", content=full, headers=JSON)
    assert accepted.status_code == 201
    problem(await member.request("POST", "/threads", content=full + b" ", headers=JSON), 413, "too-large")

    assert await member.everything("/threads") == [accepted.json()]


async def test_an_unknown_path_is_told_from_a_known_one_with_a_wrong_method(member: Client) -> None:
    assert (await member.get("/tools")).status_code == 200

    nowhere = await member.get("/tools/of/another/age")
    assert problem(nowhere, 404, "not-found")["instance"] == "/tools/of/another/age"
    wrong = await member.delete("/threads")
    assert problem(wrong, 405, "method-not-allowed")["instance"] == "/threads"
    allowed = set(wrong.headers.get("allow", "").replace(" ", "").split(","))
    assert {"GET", "POST"} <= allowed
    assert not {"DELETE", "PUT", "PATCH"} & allowed
