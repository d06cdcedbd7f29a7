"""Deploys the next revision to the embedded environment: ``python -m suites.deploy [REVISION]``.

What an action of a plan runs, as ``./deploy.sh`` would for a real one. It finds the environment by ``STAGING_*``,
prints what it does, and fails if the environment does not come back as that revision. It is a rolling deploy: every
service is restarted, one after the other, and both revisions are served meanwhile; what they differ in is only what
they say of themselves.
"""

from __future__ import annotations

import asyncio
import sys

import httpx

from suites.client.admin import Admin
from suites.client.target import Target, TargetMissing


async def deploy(admin: Admin, wanted: str | None) -> None:
    """To ``wanted``, or to the number after the one that is deployed. Raises AssertionError where it is not taken."""
    status = await admin.status()
    revision = wanted or _next(status["revision"])
    print(f"revision {status['revision']} is deployed; deploying {revision}", flush=True)
    await admin.deploy(revision, rolling=True)
    for service in status["services"]:
        restarted = await admin.restart(service)
        print(f"{service} runs again: process {restarted['new']} in place of {restarted['old']}", flush=True)
    await admin.deploy(revision)
    says = (await admin.http.get(f"{admin.target.base_url}/version")).json()["revision"]
    assert says == revision, f"{admin.target.base_url}/version says {says}"
    print(f"{admin.target.base_url}/version says {says}")


def _next(revision: str) -> str:
    return str(int(revision) + 1) if revision.isdecimal() else f"{revision}-next"


async def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        target = Target.of()
        async with httpx.AsyncClient() as http:
            await deploy(Admin(target, http), wanted)
    except (TargetMissing, AssertionError, httpx.HTTPError) as error:
        sys.exit(f"not deployed: {error}")


if __name__ == "__main__":
    asyncio.run(main())
