"""Asking a target one thing over HTTP: by itself, within a time that is certain, following nobody elsewhere."""

from __future__ import annotations

import asyncio
import fnmatch
import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from tui.plan.model import Target

TIMEOUT = 3.0
"""Seconds that an answer may take."""
_T = TypeVar("_T")


class NoAnswer(Exception):
    """Nothing that HTTP would call an answer; in a few words, why."""


class Answer(NamedTuple):
    """``body``: its beginning, as much of it as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def may_be_asked(url: str, target: Target) -> bool:
    """Whether its host is none that must never be asked anything."""
    host = urlsplit(url).hostname or ""
    return not any(fnmatch.fnmatch(host, pattern.lower()) for pattern in target.never)


def certificates_of(environment: Mapping[str, str]) -> str | None:
    """The file of those that tests trust."""
    return environment.get("SSL_CERT_FILE") or None


def get(url: str, certificates: str | None, most: int = 0) -> Answer:
    """Any status is an answer, a redirect too. Raises NoAnswer. ``most``: bytes of the body that are wanted."""
    try:
        context = ssl.create_default_context(cafile=certificates)
    except OSError as error:
        raise NoAnswer(
            f"the certificates of SSL_CERT_FILE can't be read: {error.strerror or 'they are none'}"
        ) from None
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, headers={"User-Agent": "stagewatch", "Connection": "close"})
    try:
        try:
            answer = opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers, answer.read(most) if most else b"")
    except urllib.error.URLError as error:
        raise NoAnswer(_words(error.reason)) from None
    except Exception as error:  # a stranger answers: whatever it does to the client is no answer
        raise NoAnswer(_words(error)) from None


async def within_time(work: Callable[[], _T], name: str) -> _T:
    """What ``work`` returns or raises; NoAnswer, when it takes too long.

    Resolving a name has no time limit and can't be called off: a thread that nobody waits for does it.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def run() -> None:
        try:
            tell = partial(_give, answer, work())
        except Exception as error:
            tell = partial(_fail, answer, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        return await asyncio.wait_for(answer, TIMEOUT + 0.5)
    except TimeoutError:
        raise NoAnswer(f"no answer within {TIMEOUT:g} s") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
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


def _give(answer: asyncio.Future[Any], found: Any) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
