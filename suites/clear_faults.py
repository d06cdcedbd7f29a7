"""Mends the embedded environment: ``python -m suites.clear_faults`` takes back every fault that it was given.

What an action of the plan runs. A fault that can only be set when the environment starts stays, and is named.
"""

from __future__ import annotations

import asyncio
import sys

import httpx

from suites.client.admin import Admin
from suites.client.target import Target, TargetMissing


async def clear(admin: Admin) -> list[str]:
    """Returns the faults that stay."""
    faults = (await admin.status())["faults"]
    stay = []
    for name in faults:
        if (await admin.call("DELETE", f"/faults/{name}")).is_success:
            print(f"{name} is mended", flush=True)
        else:
            stay.append(name)
    if not faults:
        print("no fault is set")
    return stay


async def main() -> None:
    try:
        async with httpx.AsyncClient() as http:
            stay = await clear(Admin(Target.of(), http))
    except (TargetMissing, AssertionError, httpx.HTTPError) as error:
        sys.exit(f"not mended: {error}")
    if stay:
        sys.exit(f"set from the start, and can't be mended while it runs: {', '.join(stay)}")


if __name__ == "__main__":
    asyncio.run(main())
