"""The heads of messages: read strictly, and written anew for the other side.

What it is not: a parser of bytes (httptools is) or of bodies. What decides where a body ends is judged here
and written by us alone, so both sides of the proxy always agree on it.

Sources: RFC 9110 §7.6 (hop-by-hop fields), RFC 9112 §3.2 (target and Host), §6 (framing), §9.3 (persistence).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from http import HTTPStatus

from msgspec import Struct

Fields = list[tuple[bytes, bytes]]
Values = dict[bytes, list[bytes]]
NONE: list[bytes] = []
NO_TOKENS: frozenset[bytes] = frozenset()

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
OURS = HOP_BY_HOP | {
    b"content-length",
    b"host",
    b"http2-settings",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
}
IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})
HEEDED = OURS | {b"expect"}
ANSWERED = HOP_BY_HOP | {b"content-length"}
HARMLESS = HOP_BY_HOP | {b"close"}
VERSIONS = frozenset({"1.0", "1.1"})
OK, SWITCHING = 200, 101
BARE, BODILESS = frozenset({204}), frozenset({204, 304})
BEFORE_PEER = b"%b %b HTTP/1.1\r\nHost: %b\r\n%bX-Forwarded-For: %b"
AFTER_PEER = b"\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: %b\r\n%b\r\n"
ANSWER = b"HTTP/1.1 %d %b\r\n%b%b"
LENGTH = b"Content-Length: %d\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: %b\r\n"
SCHEMES = (b"http://", b"https://")


class Framing(Enum):
    """How a body's end is found."""

    NONE = "no body"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    CLOSE = "the connection's end"


class BadMessage(Exception):
    """A head that is not forwarded.

    Args:
        status: What a client is answered.
        reason: Why, for a person.
    """

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.status, self.reason = status, reason


class Request(Struct, frozen=True, gc=False):
    """A request's head as we understand it, and as the backend gets it.

    Attributes:
        method: As sent.
        target: Origin form, or ``*``.
        host: Authority, as sent.
        version: ``1.0`` or ``1.1``.
        fields: The end-to-end fields that are passed on as they are.
        framing: ``NONE``, ``LENGTH`` or ``CHUNKED``.
        length: The value of Content-Length, if that is the framing; else 0.
        keep_alive: The client wants to go on after the answer.
        upgrade: The protocol asked for, if it may be tunnelled; else empty.
        expects: The client waits for 100 before it sends the body.
        before: What the backend gets, up to the peer's address.
        after: What it gets after that.
    """

    method: bytes
    target: bytes
    host: bytes
    version: str
    fields: Fields
    framing: Framing
    length: int
    keep_alive: bool
    upgrade: bytes
    expects: bool
    before: bytes
    after: bytes

    def head(self, peer: bytes) -> bytes:
        """The head that the backend gets when this peer has sent it."""
        return self.before + peer + self.after


class Response(Struct, frozen=True, gc=False):
    """A response's head as we understand it.

    Attributes:
        status: Code.
        lines: The status line and the fields that the client gets, whatever its connection is like.
        framing: How the backend ends the body.
        length: The value of Content-Length, if that is the framing; else 0.
        keep_alive: The backend's connection can be used again afterwards.
        upgrade: The protocol switched to; else empty.
    """

    status: int
    lines: bytes
    framing: Framing
    length: int
    keep_alive: bool
    upgrade: bytes

    def framing_for(self, version: str) -> Framing:
        """An answer without a length is chunked for a client that knows it, else ended by closing."""
        if self.framing is Framing.LENGTH or self.framing is Framing.NONE:
            return self.framing
        return Framing.CHUNKED if version == "1.1" else Framing.CLOSE

    def head(self, framing: Framing, persistence: bytes) -> bytes:
        """The head that the client gets, with the framing that it gets."""
        lines = self.lines
        if framing is Framing.CHUNKED:
            lines += CHUNKED
        if persistence:
            lines += b"Connection: %b\r\n" % persistence
        return lines + b"\r\n"


def read_request(method: bytes, url: bytes, version: str, fields: Fields) -> Request:
    """Understand a request's head.

    Raises:
        BadMessage: It is ambiguous, or nothing that a proxy in front of a service forwards.
    """
    if version not in VERSIONS:
        raise BadMessage(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.0 and HTTP/1.1 are spoken here")
    values, passed = _divided(fields, HEEDED)
    target, host = _target(method, url, values.get(b"host", NONE), version)
    framing, length = _request_framing(values, version)
    tokens = _tokens(values, b"connection")
    passed = _without(passed, tokens)
    upgrade = _upgrade(values) if b"upgrade" in tokens and framing is Framing.NONE else b""
    came = b", ".join(values.get(b"x-forwarded-for", NONE))
    return Request(
        method,
        target,
        host,
        version,
        passed,
        framing,
        length,
        _persists(version, tokens),
        upgrade,
        b"expect" in values and b"100-continue" in _tokens(values, b"expect"),
        BEFORE_PEER % (method, target, host, _lines(passed), came and came + b", "),
        AFTER_PEER % (host, framed(framing, length) + _upgrading(upgrade)),
    )


def _upgrade(values: Values) -> bytes:
    """The protocol asked for, save h2c: it would carry further requests past the choice of a revision."""
    wanted = b", ".join(values.get(b"upgrade", NONE))
    return b"" if b"h2c" in wanted.lower() else wanted


def read_response(method: bytes, status: int, reason: bytes, version: str, fields: Fields) -> Response:
    """Understand a response's head.

    Raises:
        BadMessage: It is ambiguous.
    """
    if version not in VERSIONS:
        raise BadMessage(HTTPStatus.BAD_GATEWAY, "it speaks neither HTTP/1.0 nor HTTP/1.1")
    values, passed = _divided(fields, ANSWERED)
    tokens = _tokens(values, b"connection")
    framing, length = _response_framing(values, method, status)
    if framing is Framing.NONE and status not in BARE and status >= OK:
        passed += [(b"Content-Length", value) for value in values.get(b"content-length", NONE)]
    upgrade = b", ".join(values.get(b"upgrade", NONE)) if status == SWITCHING else b""
    measured = LENGTH % length if framing is Framing.LENGTH else b""
    lines = _lines(_without(passed, tokens))
    return Response(
        status,
        ANSWER % (status, reason, lines, measured + _upgrading(upgrade)),
        framing,
        length,
        framing is not Framing.CLOSE and _persists(version, tokens),
        upgrade,
    )


def own_response(status: HTTPStatus, text: str) -> tuple[Response, bytes]:
    """An answer of the proxy itself: head and body."""
    body = f"{status.value} {status.phrase}: {text}\n".encode()
    fields = [(b"Content-Type", b"text/plain; charset=utf-8"), (b"Content-Length", b"%d" % len(body))]
    reason = status.phrase.encode()
    return read_response(b"GET", status.value, reason, "1.1", fields), body


def _divided(fields: Fields, heeded: frozenset[bytes]) -> tuple[Values, Fields]:
    """The values of the fields that are heeded, by name in lower case; and those that are passed on.

    No value holds a line's end or a NUL: the parser takes none of them.
    """
    values: Values = {}
    passed: Fields = []
    for field in fields:
        name = field[0].lower()
        if name not in heeded:
            passed.append(field)
            continue
        values.setdefault(name, []).append(field[1].strip())
        if name == b"expect":
            passed.append(field)
    return values, passed


def _tokens(values: Values, name: bytes) -> frozenset[bytes]:
    return _split(b",".join(values[name])) if name in values else NO_TOKENS


@lru_cache(maxsize=256)
def _split(value: bytes) -> frozenset[bytes]:
    """The tokens of a list; they are the same few again and again."""
    return frozenset(token.strip().lower() for token in value.split(b","))


def _without(passed: Fields, tokens: frozenset[bytes]) -> Fields:
    """What is passed on without what Connection names (RFC 9110 §7.6.1)."""
    if not tokens or tokens <= HARMLESS:
        return passed
    return [(name, value) for name, value in passed if name.lower() not in tokens]


def _target(method: bytes, url: bytes, hosts: list[bytes], version: str) -> tuple[bytes, bytes]:
    """Target in origin form, and authority; an absolute target's replaces Host (RFC 9112 §3.2.2)."""
    if method == b"CONNECT":
        raise BadMessage(HTTPStatus.METHOD_NOT_ALLOWED, "this is no forward proxy")
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "exactly one Host is needed")
    host = hosts[0] if hosts else b""
    if url[:1] != b"/" and url.lower().startswith(SCHEMES):
        authority, slash, path = url.partition(b"://")[2].partition(b"/")
        url, host = slash + path or b"/", authority
    if not (url.startswith(b"/") or (url == b"*" and method == b"OPTIONS")):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "the target is no path")
    return url, host


def _request_framing(values: Values, version: str) -> tuple[Framing, int]:
    codings, lengths = values.get(b"transfer-encoding", NONE), values.get(b"content-length", NONE)
    if codings and (lengths or version != "1.1"):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "Transfer-Encoding stands with Content-Length or HTTP/1.0")
    if codings:
        return _chunked(codings, HTTPStatus.NOT_IMPLEMENTED), 0
    return (Framing.LENGTH, _length(lengths)) if lengths else (Framing.NONE, 0)


def _response_framing(values: Values, method: bytes, status: int) -> tuple[Framing, int]:
    codings, lengths = values.get(b"transfer-encoding", NONE), values.get(b"content-length", NONE)
    if method == b"HEAD" or status < OK or status in BODILESS:
        return Framing.NONE, 0
    if codings:
        return _chunked(codings, HTTPStatus.BAD_GATEWAY), 0
    return (Framing.LENGTH, _length(lengths)) if lengths else (Framing.CLOSE, 0)


def _chunked(codings: list[bytes], refusal: HTTPStatus) -> Framing:
    if [coding.lower() for coding in codings] != [b"chunked"]:
        raise BadMessage(refusal, "of the transfer codings only chunked is known here")
    return Framing.CHUNKED


def _length(lengths: list[bytes]) -> int:
    """The parser has refused what is longer than 64 bits."""
    if len(lengths) != 1 or not lengths[0].isdigit():
        raise BadMessage(HTTPStatus.BAD_REQUEST, "Content-Length is no single number")
    return int(lengths[0])


def _persists(version: str, tokens: frozenset[bytes]) -> bool:
    if not tokens:
        return version == "1.1"
    return b"close" not in tokens and (version == "1.1" or b"keep-alive" in tokens)


def _lines(fields: Fields) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in fields])


def framed(framing: Framing, length: int) -> bytes:
    """The field by which the other side finds the body's end."""
    if framing is Framing.LENGTH:
        return LENGTH % length
    return CHUNKED if framing is Framing.CHUNKED else b""


def _upgrading(upgrade: bytes) -> bytes:
    return UPGRADE % upgrade if upgrade else b""
