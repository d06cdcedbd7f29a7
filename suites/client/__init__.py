"""The agent platform's client library, as far as the suites need it: log in, call, watch events.

`Client` is one user's session over HTTP; `Client.connect` opens its WebSocket, a `Socket`. Verbs
(`create_thread`, `start_run`, ...) raise `PlatformError` for anything but success; `request` and
its short forms give the response as it came, for tests that are about the response.
"""

from suites.client.admin import Admin, Environment
from suites.client.client import Client, PlatformError
from suites.client.credentials import Transport
from suites.client.socket import Closed, Socket
from suites.client.target import Target, TargetMissing

__all__ = [
    "Admin",
    "Client",
    "Closed",
    "Environment",
    "PlatformError",
    "Socket",
    "Target",
    "TargetMissing",
    "Transport",
]
