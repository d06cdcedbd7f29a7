"""The catalogue of faults: every cause the environment can be given, and what a test then sees.

Pure data, importable without any of the services: ``--list-faults`` and the documentation read it.
A fault is named by the id of its cause and a few words, and carried out in one place, its ``where``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Where = Literal["edge", "gateway", "backend", "auth", "start", "client"]


@dataclass(frozen=True)
class Fault:
    """One switch.

    ``where``: what carries it out: a service, the start (what is advertised, which certificate is served),
    or the suites' own client. ``run_time``: whether it can be set and cleared while the environment runs.
    ``breaks`` and ``seen`` are one sentence each: what is wrong, and what a test sees of it.
    """

    name: str
    where: Where
    run_time: bool
    breaks: str
    seen: str

    @property
    def id(self) -> str:
        """The id of the cause: ``E1`` of ``E1-no-credential-sent``."""
        return self.name.partition("-")[0]


class UnknownFault(LookupError):
    """No fault of the catalogue has that name; the text is one sentence for a person."""


def find(name: str) -> Fault:
    """The fault of that name, or of that bare id, in any case. Raises ``UnknownFault``."""
    wanted = name.strip().lower()
    for fault in FAULTS:
        if wanted in (fault.name.lower(), fault.id.lower()):
            return fault
    raise UnknownFault(f"There is no fault {name!r}: --list-faults names them all.")


def client_faults(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that the suites' own client carries out."""
    return tuple(name for name in names if find(name).where == "client")


def _at(where: Where, *rows: tuple[str, str, str], run_time: bool = True) -> tuple[Fault, ...]:
    return tuple(Fault(name, where, run_time, breaks, seen) for name, breaks, seen in rows)


_START = _at(
    "start",
    (
        "A1-name-does-not-resolve",
        "The advertised host name is in no DNS.",
        "Every request ends in a name resolution error (gaierror) before a packet is sent.",
    ),
    (
        "A2-nothing-listens",
        "The advertised port has no listener.",
        "Every connection is refused.",
    ),
    (
        "A4-certificate-expired",
        "The edge serves a certificate that expired yesterday.",
        "TLS fails: certificate has expired.",
    ),
    (
        "A5-certificate-wrong-name",
        "The edge serves a certificate for another host name.",
        "TLS fails: hostname mismatch.",
    ),
    (
        "A6-private-ca",
        "The edge's certificate is signed by a CA that the runner was not given.",
        "TLS fails: unable to get local issuer certificate.",
    ),
    (
        "A7-tls-to-plain-port",
        "https and wss are advertised on a port that speaks plain HTTP.",
        "TLS fails: wrong version number.",
    ),
    (
        "A8-alpn-picks-h2",
        "The load balancer picks h2 by ALPN, and h2 has no Upgrade.",
        "REST works; every client that offers h2 gets 464 for its WebSocket handshake.",
    ),
    run_time=False,
)

_EDGE = _at(
    "edge",
    (
        "A3-black-hole",
        "The edge accepts connections and never answers.",
        "Every request and handshake times out.",
    ),
    (
        "B1-authorization-dropped",
        "The edge does not forward the Authorization header.",
        "REST says 401 unauthenticated, the WebSocket handshake 403; the token as a subprotocol works.",
    ),
    (
        "B2-authorization-dropped-on-upgrade",
        "The edge drops the Authorization header of an Upgrade only.",
        "REST works with the very token that gets the WebSocket handshake a 403.",
    ),
    (
        "B3-upgrade-not-forwarded",
        "The edge treats Upgrade as hop-by-hop and forwards a plain GET.",
        "The WebSocket handshake is answered 404, as a plain GET of the path is.",
    ),
    (
        "B4-edge-identity-wall",
        "An access policy in front of the platform admits nobody from here.",
        "Everything, health too, is 403 `RBAC: access denied` from the edge.",
    ),
    (
        "B5-waf-blocks-user-agent",
        "A bot rule blocks the user agents of Python clients on the WebSocket.",
        "The WebSocket handshake is 403 `error code: 1010` from the edge; another user agent gets through.",
    ),
    (
        "B6-waf-blocks-websocket-path",
        "A firewall rule blocks the WebSocket path.",
        "The WebSocket handshake is 403 from the edge, whatever is sent; REST works.",
    ),
    (
        "B7-bad-gateway",
        "The edge's upstreams are not where it looks for them.",
        "Everything is 502 from the edge.",
    ),
    (
        "B8-no-healthy-backend",
        "The edge holds none of its upstreams for healthy.",
        "Everything is 503 `no healthy upstream` from the edge.",
    ),
    (
        "B9-redirect-to-https",
        "The edge redirects everything to https.",
        "REST is 301 to another scheme; the WebSocket handshake fails at the redirect.",
    ),
    (
        "B10-trailing-slash-redirect-drops-authorization",
        "The edge redirects to the path with a slash, on another host name.",
        "REST is 307; a client that follows arrives without its Authorization and gets 401.",
    ),
    (
        "B11-default-virtual-host",
        "The edge knows no rule for this host and answers from its default backend.",
        "Everything is 404 `default backend - 404` from the edge.",
    ),
    (
        "B12-host-rewritten",
        "The edge sends the upstream's internal name as Host, which the gateway does not allow.",
        "The WebSocket handshake is 400 `Invalid host header`.",
    ),
    (
        "B13-login-redirect-on-upgrade",
        "The edge sends an Upgrade without its own session to a login page.",
        "The WebSocket handshake is 302 to https://login.staging.example/.",
    ),
    (
        "B14-single-page-fallback",
        "The edge serves the web app's index page for the WebSocket path.",
        "The WebSocket handshake is 200 with an HTML page.",
    ),
    (
        "B15-idle-cut",
        "The edge cuts a connection that was silent for 60 s (scaled).",
        "A quiet WebSocket ends with 1006, always after the same time.",
    ),
    (
        "B16-request-timeout-caps-socket",
        "The edge's request timeout of 30 s (scaled) also counts for WebSockets.",
        "Every WebSocket ends with 1006 at the same age, however busy it is.",
    ),
    (
        "B17-subprotocol-stripped",
        "The edge drops Sec-WebSocket-Protocol.",
        "A token offered as a subprotocol is refused with 403, and agents.v1 is not echoed; by header all is well.",
    ),
    (
        "E7-edge-consumes-authorization",
        "The edge takes the Authorization header for a credential of its own.",
        "Every request with a credential is 401 from the edge; those without one get through.",
    ),
    (
        "H1-cold-start",
        "The gateways are scaled to zero after 60 s (scaled) without a connection.",
        "The first WebSocket handshakes after a pause are 503, later ones are accepted.",
    ),
    (
        "J3-recreate-outage",
        "Old pods are stopped before new ones stand: an outage of 60 s in every 180 s (scaled).",
        "Everything is 503 from the edge for a while, then fine again.",
    ),
    (
        "J6-maintenance-page",
        "The edge answers with a maintenance page.",
        "Everything is 503 with Retry-After and an HTML page.",
    ),
    (
        "J8-wrong-base-path",
        "The edge puts /api before the paths that it forwards.",
        "REST is 404 and the WebSocket handshake 403; login and health work.",
    ),
)

_GATEWAY = _at(
    "gateway",
    (
        "C1-wrong-websocket-path",
        "The WebSocket is served at /ws/v1, not at /ws.",
        "The WebSocket handshake is 403, whatever is sent; REST works.",
    ),
    (
        "C2-websocket-route-missing",
        "The WebSocket route is not in this build.",
        "The WebSocket handshake is 403, whatever is sent; REST works.",
    ),
    (
        "C3-no-websocket-library",
        "The gateway's server was installed without a WebSocket library.",
        "The WebSocket handshake is 404, as a plain GET of the path is.",
    ),
    (
        "C4-required-parameter-missing",
        "The gateway requires a query parameter `client` that nobody sends.",
        "The WebSocket handshake is 403 until ?client= is given.",
    ),
    (
        "C5-subprotocol-not-echoed",
        "The gateway takes agents.v1 without echoing it.",
        "A client that offers subprotocols finds none negotiated.",
    ),
    (
        "C6-exception-before-accept",
        "The gateway raises before it accepts.",
        "The WebSocket handshake is 500.",
    ),
    (
        "C7-exception-after-accept",
        "The gateway raises right after it accepted.",
        "The WebSocket opens and ends with 1006 before any frame.",
    ),
    (
        "D1-origin-not-on-list",
        "The web app's origins are not on the gateway's list.",
        "The WebSocket handshake with an Origin is 403, without one it is accepted.",
    ),
    (
        "D2-origin-required",
        "The gateway refuses a handshake without an Origin.",
        "The WebSocket handshake without an Origin is 403, with the web app's it is accepted.",
    ),
    (
        "D4-allow-list-missing",
        "The list of allowed origins is empty.",
        "Every Origin is refused: 403 for the handshake and the preflight.",
    ),
    (
        "E5-credential-read-elsewhere",
        "The gateway reads its credential from the query parameter `token` only.",
        "The WebSocket handshake is 403 with the token in the header or the subprotocol.",
    ),
    (
        "G4-websocket-feature-off",
        "The WebSocket feature is switched off for every tenant.",
        "The WebSocket handshake is 403, whatever is sent; REST works.",
    ),
    (
        "H3-connection-cap",
        "The gateway allows two connections a user.",
        "A user's third WebSocket handshake is 403.",
    ),
    (
        "H4-event-loop-blocked",
        "A blocking call in the gateway's message handler holds its event loop for 180 s (scaled).",
        "Replies, pongs and handshakes come seconds late.",
    ),
    (
        "H5-one-bad-replica",
        "gateway-2 has a broken configuration and refuses everybody.",
        "Every other WebSocket handshake is 403.",
    ),
    (
        "I1-message-schema-changed",
        "The gateway expects `kind` where clients send `type`.",
        "The WebSocket opens and is closed with 1008 after the first message.",
    ),
    (
        "I2-close-code-lost",
        "The gateway drops the connection without a close frame.",
        "Every close by the server is seen as 1006.",
    ),
    (
        "I4-message-limit-too-small",
        "The gateway takes messages of at most 256 bytes.",
        "A longer message closes the WebSocket with 1009.",
    ),
    (
        "J2-mixed-pods",
        "gateway-2 is still of the revision before, which has no /ws.",
        "Every other WebSocket handshake is 404, with another x-revision.",
    ),
    (
        "J9-server-restarting",
        "The gateways restart again and again, every 20 s (scaled).",
        "WebSockets are closed with 1012 shortly after they opened.",
    ),
)

_AUTH = _at(
    "auth",
    (
        "F1-expired-token",
        "The auth service issues tokens that expired a minute ago.",
        "Login works; REST is 401 invalid-token and the handshake 403, and `exp` is past.",
    ),
    (
        "F2-not-yet-valid",
        "The auth service issues tokens that are valid only in an hour.",
        "Login works; REST is 401 invalid-token, the handshake 403, and `nbf` is ahead.",
    ),
    (
        "F3-issued-in-future",
        "The auth service issues tokens dated an hour ahead.",
        "Login works; REST is 401 invalid-token, the handshake 403, and `iat` is ahead.",
    ),
    (
        "F4-server-clock-wrong",
        "The clock of the services that verify tokens is an hour ahead.",
        "Every token is refused as expired, and the Date header is an hour ahead.",
    ),
    (
        "F5-wrong-audience",
        "The services were configured for another audience than the one that tokens are issued for.",
        "Login works; REST is 401 invalid-token and the handshake 403 for a token that is as it should be.",
    ),
    (
        "F6-wrong-issuer",
        "The services expect a slash behind the issuer.",
        "Login works; REST is 401 invalid-token and the handshake 403 for a token that is as it should be.",
    ),
    (
        "F7-token-of-another-environment",
        "The tokens come from another environment: its issuer and its key.",
        "Login works; REST is 401 invalid-token and the handshake 403; `iss` is another and `kid` not in the JWKS.",
    ),
    (
        "F8-rotated-secret",
        "Tokens are signed with a shared secret; the services still hold the one before its rotation.",
        "Login works; REST is 401 invalid-token and the handshake 403, and `alg` is HS256.",
    ),
    (
        "F9-secret-newline",
        "Tokens are signed with a shared secret; the services hold it with a newline at its end.",
        "Login works; REST is 401 invalid-token and the handshake 403, and `alg` is HS256.",
    ),
    (
        "F10-base64-secret",
        "Tokens are signed with a shared secret; the services hold its base64 text.",
        "Login works; REST is 401 invalid-token and the handshake 403, and `alg` is HS256.",
    ),
    (
        "F11-algorithm-not-allowed",
        "The auth service signs with ES384, which the services do not allow.",
        "Login works; REST is 401 invalid-token and the handshake 403, and `alg` is not ES256.",
    ),
    (
        "F12-stale-jwks",
        "The auth service signs with its next key; the services hold a JWKS without that one.",
        "Login works; REST is 401 invalid-token and the handshake 403, though `kid` is in the published JWKS.",
    ),
    (
        "F13-required-claim-missing",
        "The auth service leaves out the claim `tenant`.",
        "Login works; REST is 401 invalid-token and the handshake 403, and the token has no `tenant`.",
    ),
    (
        "F14-truncated-token",
        "The auth service cuts its tokens short.",
        "Login works; REST is 401 invalid-token, the handshake 403, and the token cannot be decoded.",
    ),
    (
        "G1-user-disabled",
        "The user of the suites is disabled, and its login still works.",
        "Login works; this user's token is 401 invalid-token and the handshake 403; other users are fine.",
    ),
    (
        "G2-scope-missing",
        "The user of the suites lacks the scopes to write threads and to start runs.",
        "This user's writing is 403 forbidden; reading and other users are fine.",
    ),
    (
        "G3-session-revoked",
        "Sessions are revoked as soon as they are made.",
        "Login works; REST is 401 invalid-token and the handshake 403 for a well-formed token.",
    ),
    (
        "G5-service-credential-wrong",
        "The services hold a wrong credential for the auth service, and take the failure for a no.",
        "Every credential, good or bad, gets the same 403; login and health work.",
    ),
    (
        "G6-auth-service-down",
        "The auth service answers 503.",
        "Login is 503; what needs a credential is refused whatever it is, and readiness says that auth is down.",
    ),
)

_BACKEND = _at(
    "backend",
    (
        "D5-preflight-rejected",
        "The CORS preflight is not routed.",
        "OPTIONS is 405 without any access-control header.",
    ),
    (
        "D6-csrf-check",
        "A CSRF check meant for browsers' forms is on for every client.",
        "Reading works; POST, PATCH, PUT and DELETE are 403 and name CSRF.",
    ),
    (
        "H2-rate-limited",
        "The rate limit is a few requests a minute.",
        "REST is 429 rate-limited with Retry-After after the first requests of a user.",
    ),
    (
        "J1-half-shipped",
        "The backend requires a field `model` of new runs, which clients of the other half do not send.",
        "Starting a run is 422 invalid by both doors; everything else works.",
    ),
    (
        "J4-migration-missing",
        "The backend's code reads a column that its table has not got.",
        "Health is fine; threads are 500.",
    ),
    (
        "J5-dependency-down",
        "The backend's database does not take writes.",
        "Health is 200, readiness 503, reading works and writing is 503.",
    ),
    (
        "J7-feature-flag-off",
        "The feature flag of the REST interface is off.",
        "Its paths are 404 and health is fine.",
    ),
)

_CLIENT = _at(
    "client",
    (
        "D3-wrong-default-origin",
        "The suites' WebSocket client sends an Origin of its own making.",
        "The WebSocket handshake is 403; without the Origin it is accepted.",
    ),
    (
        "E1-no-credential-sent",
        "The suites' client sends no credential on the WebSocket handshake.",
        "The WebSocket handshake is 403; REST works.",
    ),
    (
        "E2-credential-unexpanded",
        "The suites' client, on the WebSocket upgrade, sends the text ${STAGING_TOKEN} as its token.",
        "REST works; the WebSocket handshake is refused with 403.",
    ),
    (
        "E3-wrong-scheme",
        "The suites' client, on the WebSocket upgrade, sends its token with the scheme JWT.",
        "REST works; the WebSocket handshake is refused with 403.",
    ),
    (
        "E4-bearer-bearer",
        "The suites' client, on the WebSocket upgrade, sends Bearer twice.",
        "REST works; the WebSocket handshake is refused with 403.",
    ),
    (
        "E6-newline-in-token",
        "The suites' token ends with a newline.",
        "The client raises before anything is sent: the header value is invalid.",
    ),
    (
        "E8-refresh-token-sent",
        "The suites' client, on the WebSocket upgrade, sends the refresh token where the access token belongs.",
        "REST works; the WebSocket handshake is refused with 403.",
    ),
    (
        "K1-client-api-changed",
        "The suites call their WebSocket library by an argument that it no longer has.",
        "TypeError before anything is sent.",
    ),
    (
        "K2-fixture-not-run",
        "A set-up step of the suites is left out.",
        "AttributeError before anything is sent.",
    ),
    (
        "K3-handshake-key-wrong",
        "The suites' own handshake sends a Sec-WebSocket-Key that is none.",
        "The WebSocket handshake is 400.",
    ),
    run_time=False,
)


def _order(fault: Fault) -> tuple[str, int]:
    return fault.id[0], int(fault.id[1:])


FAULTS: tuple[Fault, ...] = tuple(sorted((*_START, *_EDGE, *_GATEWAY, *_AUTH, *_BACKEND, *_CLIENT), key=_order))
"""Every fault, by layer and number."""
