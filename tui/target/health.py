"""Whether a target answers. Any HTTP answer is one, whatever its status: what it means the tests will tell."""

from __future__ import annotations

import asyncio
import fnmatch
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tui.plan.model import Target

TIMEOUT = 3.0
"""Seconds that an answer may take."""
TRIES = 2


class Health:
    """The health URL of a target. ``environment``: what tests have in theirs, as for the certificates they trust."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        self.url = url
        self._certificates = environment.get("SSL_CERT_FILE") or None

    async def ask(self) -> str | None:
        """Why there is no answer, in a few words; None when there is one."""
        why: str | None = None
        for _ in range(TRIES):
            why = await self._ask()
            if why is None:
                return None
        return why

    async def _ask(self) -> str | None:
        """Once. Resolving a name has no time limit and can't be called off: a thread that nobody waits for does it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()

        def work() -> None:
            why = _trouble(self.url, self._certificates)
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(_tell, answer, why)

        threading.Thread(target=work, name="health", daemon=True).start()
        try:
            return await asyncio.wait_for(answer, TIMEOUT + 0.5)
        except TimeoutError:
            return f"no answer within {TIMEOUT:g} s"


def health_of(target: Target, environment: Mapping[str, str]) -> Health | None:
    """None where there is no health URL, or where its host is one that must never be asked anything."""
    if target.health_url is None:
        return None
    host = urlsplit(target.health_url).hostname or ""
    if any(fnmatch.fnmatch(host, pattern.lower()) for pattern in target.never):
        return None
    return Health(target.health_url, environment)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _trouble(url: str, certificates: str | None) -> str | None:
    try:
        context = ssl.create_default_context(cafile=certificates)
    except OSError as error:
        return f"the certificates of SSL_CERT_FILE can't be read: {error.strerror or 'they are none'}"
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, headers={"User-Agent": "stagewatch", "Connection": "close"})
    try:
        opener.open(request, timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except urllib.error.URLError as error:
        return _words(error.reason)
    except Exception as error:  # a stranger answers: whatever it does to the client is no answer
        return _words(error)
    return None


def _words(reason: object) -> str:
    match reason:
        case str():
            return reason
        case TimeoutError():
            return f"no answer within {TIMEOUT:g} s"
        case ssl.SSLCertVerificationError():
            return f"TLS: {reason.verify_message}"
        case ssl.SSLError():
            return f"TLS: {(reason.reason or 'handshake failed').replace('_', ' ').lower()}"
        case socket.gaierror():
            return f"its name does not resolve: {(reason.strerror or '').lower()}"
        case ConnectionRefusedError():
            return "connection refused"
        case http.client.RemoteDisconnected() | ConnectionError():
            return "the connection was closed without an answer"
        case http.client.HTTPException():
            return "what answers does not speak HTTP"
        case OSError(strerror=str(said)):
            return said.lower()
    return type(reason).__name__


def _tell(answer: asyncio.Future[str | None], why: str | None) -> None:
    if not answer.done():
        answer.set_result(why)
