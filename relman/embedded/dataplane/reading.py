"""A client's bytes, read as requests: tells its connection of each head, each piece of a body, and each end.

What it is not: the connection, which decides what becomes of them; nor a parser, which httptools is.

A head that was read before is not read again (``heads`` says why that is sound), and the body after it ends
where its length says. Everything else goes through the parser, which stands where a message begins whenever
it is passed by.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import httptools

from relman.embedded.dataplane.head import BadMessage, Fields, Framing, Request, framed, read_request
from relman.embedded.dataplane.heads import Heads, first_of

if TYPE_CHECKING:
    from relman.embedded.dataplane.downstream import Downstream

MAX_HEAD = 1 << 16
"""Bytes of a request's head."""

PRIMER = b"POST / HTTP/1.1\r\n%b\r\n"


class Reading:
    """The requests of one connection, one after another."""

    def __init__(self, client: Downstream, known: Heads[Request]) -> None:
        """At the beginning of a message."""
        self._client, self._known = client, known
        self._parser = httptools.HttpRequestParser(self)
        self._request: Request | None = None
        self._missing = self._fed = 0
        self._between, self._priming, self._raw = True, False, b""
        self._begin_head()

    def take(self, data: bytes) -> bytes:
        """Take in the next head or body if it needs no parser, else all; what is left over."""
        if self._missing:
            return self._count(data)
        if self._between:
            raw = first_of(data)
            request = self._known.recall(raw)
            if request is not None:
                self._recalled(request)
                return data[len(raw) :]
            self._raw = raw
        return self._parse(data)

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """A new head."""
        self._between = False
        if not self._priming:
            self._begin_head()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        if not self._priming:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field; after the head it is a trailer, which a proxy may drop (RFC 9110 §6.5.1)."""
        if self._in_head and not self._priming:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self._priming or self._client.deaf:
            return
        self._in_head = False
        if self._bound > MAX_HEAD and self._size() > MAX_HEAD:
            raise BadMessage(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MAX_HEAD} bytes")
        method, version = self._parser.get_method(), self._parser.get_http_version()
        self._request = read_request(method, self._url, version, self._fields)
        raw, self._raw = self._raw, b""  # once: what follows within the same bytes is another head
        self._known.learn(raw, self._request)
        self._client.begin(self._request)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self._client.deaf:
            self._client.feed(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._client.deaf or self._bodiless_by_mistake():
            return
        self._between, self._in_head, self._head_size = True, True, 0
        self._client.complete()

    # -- inside

    def _recalled(self, request: Request) -> None:
        self._client.begin(request)
        self._missing = request.length
        if not self._missing:
            self._client.complete()

    def _count(self, data: bytes) -> bytes:
        piece = data[: self._missing]
        self._missing -= len(piece)
        self._client.feed(piece)
        if not self._missing:
            self._client.complete()
        return data[len(piece) :]

    def _begin_head(self) -> None:
        self._url, self._in_head, self._head_size = b"", True, 0
        self._bound = self._fed
        self._fields: Fields = []

    def _size(self) -> int:
        """Of the head alone; ``_bound`` also has what came with it, and is known without looking."""
        return len(self._url) + sum(len(name) + len(value) + 4 for name, value in self._fields)

    def _bodiless_by_mistake(self) -> bool:
        """The parser takes what follows a request to upgrade for another protocol, its body too."""
        request = self._request
        return request is not None and request.framing is not Framing.NONE and self._parser.should_upgrade()

    def _parse(self, data: bytes) -> bytes:
        """Feed the parser; what is left over for another parser."""
        self._fed = len(data)
        if self._in_head:
            self._head_size += self._fed
            self._bound += self._fed
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            self._client.spoil(cause if isinstance(cause, BadMessage) else _unreadable(error))
        except httptools.HttpParserError as error:
            self._client.spoil(_unreadable(error))
        if self._in_head and self._head_size > MAX_HEAD:
            self._client.spoil(
                BadMessage(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {MAX_HEAD} bytes")
            )
        return b""

    def _after_upgrade(self, rest: bytes) -> bytes:
        """The parser has stopped after a head with Upgrade."""
        request = self._request
        if request is None or self._client.deaf:
            return b""
        if request.upgrade:
            self._client.hold_back(rest)
            return b""
        self._parser = httptools.HttpRequestParser(self)
        if request.framing is not Framing.NONE:
            self._prime(request)
        return rest

    def _prime(self, request: Request) -> None:
        """Bring a fresh parser to where this request's body begins."""
        self._priming = True
        self._parser.feed_data(PRIMER % framed(request.framing, request.length))
        self._priming = False


def _unreadable(error: Exception) -> BadMessage:
    return BadMessage(HTTPStatus.BAD_REQUEST, f"no HTTP/1.1 request: {error}")
