"""The heads of messages: read strictly, and written anew for the other side.

What it is not: a parser of bytes (httptools is) or of bodies. What decides where a body ends is judged here
and written by us alone, so both sides of the proxy always agree on it.

Sources: RFC 9110 §7.6 (hop-by-hop fields), RFC 9112 §3.2 (target and Host), §6 (framing), §9.3 (persistence).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from http import HTTPStatus
from typing import NamedTuple

Fields = list[tuple[bytes, bytes]]

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
BAD_IN_VALUE = frozenset(b"\r\n\0")
VERSIONS = frozenset({"1.0", "1.1"})
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


class Request(NamedTuple):
    """A request's head as we understand it.

    Attributes:
        method: As sent.
        target: Origin form, or ``*``.
        host: Authority, as sent.
        version: ``1.0`` or ``1.1``.
        fields: The end-to-end fields that are passed on as they are.
        framing: ``NONE``, ``LENGTH`` or ``CHUNKED``.
        length: The value of Content-Length, if that is the framing.
        forwarded_for: Whom the request came through already.
        keep_alive: The client wants to go on after the answer.
        upgrade: The protocol asked for, if it may be tunnelled; else empty.
        expects: The client waits for 100 before it sends the body.
    """

    method: bytes
    target: bytes
    host: bytes
    version: str
    fields: Fields
    framing: Framing
    length: bytes
    forwarded_for: bytes
    keep_alive: bool
    upgrade: bytes
    expects: bool

    def head(self, peer: str) -> bytes:
        """The head that the backend gets."""
        via = b", ".join(filter(None, [self.forwarded_for, peer.encode()]))
        lines: Fields = [
            (b"Host", self.host),
            *self.fields,
            (b"X-Forwarded-For", via),
            (b"X-Forwarded-Proto", b"http"),
            (b"X-Forwarded-Host", self.host),
            *_framed(self.framing, self.length),
            *_upgrading(self.upgrade),
        ]
        return _head(b"%b %b HTTP/1.1" % (self.method, self.target), lines)


class Response(NamedTuple):
    """A response's head as we understand it.

    Attributes:
        status: Code.
        reason: As sent.
        fields: The end-to-end fields.
        framing: How the backend ends the body.
        length: The value of Content-Length, if that is the framing.
        keep_alive: The backend's connection can be used again afterwards.
        upgrade: The protocol switched to; else empty.
    """

    status: int
    reason: bytes
    fields: Fields
    framing: Framing
    length: bytes
    keep_alive: bool
    upgrade: bytes

    def framing_for(self, version: str) -> Framing:
        """An answer without a length is chunked for a client that knows it, else ended by closing."""
        if self.framing in {Framing.NONE, Framing.LENGTH}:
            return self.framing
        return Framing.CHUNKED if version == "1.1" else Framing.CLOSE

    def head(self, framing: Framing, persistence: bytes) -> bytes:
        """The head that the client gets, with the framing that it gets."""
        keep: Fields = [(b"Connection", persistence)] if persistence else []
        lines = [*self.fields, *_framed(framing, self.length), *keep, *_upgrading(self.upgrade)]
        return _head(b"HTTP/1.1 %d %b" % (self.status, self.reason), lines)


def read_request(method: bytes, url: bytes, version: str, fields: Fields) -> Request:
    """Understand a request's head.

    Raises:
        BadMessage: It is ambiguous, or nothing that a proxy in front of a service forwards.
    """
    if version not in VERSIONS:
        raise BadMessage(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.0 and HTTP/1.1 are spoken here")
    values = _Values(fields)
    target, host = _target(method, url, values, version)
    framing, length = _request_framing(values, version)
    tokens = values.tokens(b"connection")
    upgrade = b", ".join(values[b"upgrade"]) if b"upgrade" in tokens and framing is Framing.NONE else b""
    return Request(
        method=method,
        target=target,
        host=host,
        version=version,
        fields=_passed_on(fields, OURS | tokens),
        framing=framing,
        length=length,
        forwarded_for=b", ".join(values[b"x-forwarded-for"]),
        keep_alive=_persists(version, tokens),
        # An h2c connection would carry further requests past this proxy's choice of revision.
        upgrade=b"" if b"h2c" in upgrade.lower() else upgrade,
        expects=b"100-continue" in values.tokens(b"expect"),
    )


def read_response(method: bytes, status: int, reason: bytes, version: str, fields: Fields) -> Response:
    """Understand a response's head.

    Raises:
        BadMessage: It is ambiguous.
    """
    if version not in VERSIONS:
        raise BadMessage(HTTPStatus.BAD_GATEWAY, "it speaks neither HTTP/1.0 nor HTTP/1.1")
    values = _Values(fields)
    tokens = values.tokens(b"connection")
    framing, length = _response_framing(values, method, status)
    bare = framing is Framing.NONE and status >= HTTPStatus.OK and status != HTTPStatus.NO_CONTENT
    kept_length = [(b"Content-Length", value) for value in values[b"content-length"]] if bare else []
    return Response(
        status=status,
        reason=reason,
        fields=[*_passed_on(fields, HOP_BY_HOP | tokens | {b"content-length"}), *kept_length],
        framing=framing,
        length=length,
        keep_alive=framing is not Framing.CLOSE and _persists(version, tokens),
        upgrade=b", ".join(values[b"upgrade"]) if status == HTTPStatus.SWITCHING_PROTOCOLS else b"",
    )


def own_response(status: HTTPStatus, text: str) -> tuple[Response, bytes]:
    """An answer of the proxy itself: head and body."""
    body = f"{status.value} {status.phrase}: {text}\n".encode()
    fields = [(b"Content-Type", b"text/plain; charset=utf-8")]
    length = b"%d" % len(body)
    return Response(status, status.phrase.encode(), fields, Framing.LENGTH, length, True, b""), body  # noqa: FBT003


class _Values:
    """The values of a head's fields, by name in lower case."""

    def __init__(self, fields: Fields) -> None:
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in fields:
            if BAD_IN_VALUE.intersection(value):
                raise BadMessage(HTTPStatus.BAD_REQUEST, "a field's value holds a control character")
            self._values.setdefault(name.lower(), []).append(value.strip())

    def __getitem__(self, name: bytes) -> list[bytes]:
        return self._values.get(name, [])

    def tokens(self, name: bytes) -> frozenset[bytes]:
        return frozenset(token.strip().lower() for value in self[name] for token in value.split(b","))


def _target(method: bytes, url: bytes, values: _Values, version: str) -> tuple[bytes, bytes]:
    """Target in origin form, and authority; an absolute target's replaces Host (RFC 9112 §3.2.2)."""
    hosts = values[b"host"]
    if method == b"CONNECT":
        raise BadMessage(HTTPStatus.METHOD_NOT_ALLOWED, "this is no forward proxy")
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "exactly one Host is needed")
    host = hosts[0] if hosts else b""
    if url.lower().startswith(SCHEMES):
        authority, slash, path = url.partition(b"://")[2].partition(b"/")
        url, host = slash + path or b"/", authority
    if not (url.startswith(b"/") or (url == b"*" and method == b"OPTIONS")):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "the target is no path")
    return url, host


def _request_framing(values: _Values, version: str) -> tuple[Framing, bytes]:
    codings, lengths = values[b"transfer-encoding"], values[b"content-length"]
    if codings and (lengths or version != "1.1"):
        raise BadMessage(HTTPStatus.BAD_REQUEST, "Transfer-Encoding stands with Content-Length or HTTP/1.0")
    if codings:
        return _chunked(codings, HTTPStatus.NOT_IMPLEMENTED), b""
    return (Framing.LENGTH, _length(lengths)) if lengths else (Framing.NONE, b"")


def _response_framing(values: _Values, method: bytes, status: int) -> tuple[Framing, bytes]:
    codings, lengths = values[b"transfer-encoding"], values[b"content-length"]
    if method == b"HEAD" or status < HTTPStatus.OK or status in {204, 304}:
        return Framing.NONE, b""
    if codings:
        return _chunked(codings, HTTPStatus.BAD_GATEWAY), b""
    return (Framing.LENGTH, _length(lengths)) if lengths else (Framing.CLOSE, b"")


def _chunked(codings: list[bytes], refusal: HTTPStatus) -> Framing:
    if [coding.lower() for coding in codings] != [b"chunked"]:
        raise BadMessage(refusal, "of the transfer codings only chunked is known here")
    return Framing.CHUNKED


def _length(lengths: list[bytes]) -> bytes:
    if len(lengths) != 1 or not lengths[0].isdigit():
        raise BadMessage(HTTPStatus.BAD_REQUEST, "Content-Length is no single number")
    return lengths[0]


def _persists(version: str, tokens: frozenset[bytes]) -> bool:
    return b"close" not in tokens and (version == "1.1" or b"keep-alive" in tokens)


def _passed_on(fields: Fields, without: frozenset[bytes]) -> Fields:
    return [(name, value) for name, value in fields if name.lower() not in without]


def _framed(framing: Framing, length: bytes) -> Fields:
    if framing is Framing.LENGTH:
        return [(b"Content-Length", length)]
    return [(b"Transfer-Encoding", b"chunked")] if framing is Framing.CHUNKED else []


def _upgrading(upgrade: bytes) -> Fields:
    return [(b"Connection", b"Upgrade"), (b"Upgrade", upgrade)] if upgrade else []


def _head(first: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"\r\n".join([first, *(b"%b: %b" % field for field in fields), b"", b""])
