"""Heads that were read before: with and without that memory every byte is the same, in both directions."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relman.embedded.dataplane import heads
from relman.embedded.dataplane.head import Request, Response, read_request, read_response
from relman.embedded.dataplane.heads import Heads, whole

from .house import House

FUZZ = settings(max_examples=200, deadline=None)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
OK = HEAD + b"ok"

FIELDS = [
    *(b"X: 1", b"Cookie: a=b", b"X-Forwarded-For: 1.2.3.4", b"Date: now", b"Connection: keep-alive"),
    *(b"Connection: close", b"Connection: X", b"Expect: 100-continue", b"Upgrade: y", b"\xff: \xfe"),
]
FRAMED = [
    (b"", b""),
    (b"", b"abc"),
    *((b"Content-Length: %d\r\n" % len(body), body) for body in (b"", b"abc", GET, OK)),
    (b"Content-Length: 3\r\n", b"abcd"),
    (b"content-length:\t03 \r\n", b"abc\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"%x\r\n%b\r\n0\r\nT: t\r\n\r\n" % (len(GET), GET)),
]
HOSTILE = [
    *(b"Host: y", b"host:z ", b"Content-Length: 3", b"Content-Length: +3", b"Content-Length: 3, 3"),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", b"Connection: Upgrade\r\nUpgrade: websocket"),
    *(b"Connection: upgrade\r\nUpgrade: h2c", b" folded", b"A : b", b"A: b\rc", b"A: b\n B: c", b"A\0: b"),
    *(b": nameless", b"\n", b"\r\n"),
]
STARTS = [
    *(b"GET / HTTP/1.1", b"POST /p?q HTTP/1.1", b"PUT / HTTP/1.1", b"HEAD / HTTP/1.1", b"GET / HTTP/1.0"),
    *(b"OPTIONS * HTTP/1.1", b"GET http://y/z HTTP/1.1", b"CONNECT y:1 HTTP/1.1", b"PRI * HTTP/2.0", b""),
]
STATUSES = [
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 404 Not Found", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content"),
    *(
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 101 Switching",
        b"HTTP/1.1 299",
        b"",
    ),
]


@pytest.fixture
def stand_in() -> Iterator[socket.socket]:
    """A socket that is silent."""
    one, other = socket.socketpair()
    with one, other:
        yield one


@st.composite
def messages(draw: st.DrawFn, starts: list[bytes]) -> bytes:
    """A message, whole or with one byte that is wrong."""
    start = draw(st.sampled_from(starts))
    lines = [b"Host: x", *draw(st.lists(st.sampled_from(FIELDS), max_size=2))]
    if draw(st.integers(0, 3)) == 0:
        lines.append(draw(st.sampled_from(HOSTILE)))
    length, body = draw(st.sampled_from(FRAMED))
    message = b"\r\n".join([start, *draw(st.permutations(lines))]) + b"\r\n" + length + b"\r\n" + body
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(message)))
        message = message[:at] + draw(st.binary(max_size=1)) + message[at + draw(st.integers(0, 1)) :]
    return message


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The same bytes in pieces."""
    inner = sorted({place % len(data) for place in places} - {0}) if data else []
    return [data[a:b] for a, b in pairwise([0, *inner, len(data)]) if a < b]


PLACES = st.lists(st.integers(0, 1 << 16), max_size=4)
AHEAD = [GET, GET.replace(b"/", b"/other"), b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n\r\n" + GET]


async def requests_recalled(stand_in: socket.socket, sent: Sequence[bytes], joined: Sequence[bytes]) -> int:
    """The same requests apart and together, again and again; how many were known."""
    forgetful, knowing = House(stand_in, forgetful=True), House(stand_in)
    expected = [forgetful.converse(pieces, [OK]) for pieces in (joined, sent)]
    for _ in range(4):
        assert [knowing.converse(pieces, [OK]) for pieces in (joined, sent)] == expected
    assert forgetful.recalled == 0
    return knowing.recalled


def test_requests_known_or_not(stand_in: socket.socket) -> None:
    """What a client is answered and what its backend gets does not depend on what was read before."""
    recalled = []

    @example(few=AHEAD, order=[0, 1, 2], places=[])
    @FUZZ
    @given(
        few=st.lists(messages(STARTS), min_size=1, max_size=3),
        order=st.lists(st.integers(0, 2), max_size=6),
        places=PLACES,
    )
    def compare(few: list[bytes], order: list[int], places: list[int]) -> None:
        chosen = [few[number % len(few)] for number in order]
        sent = [piece for one in chosen for piece in cut(one, places if one is few[-1] else [])]
        recalled.append(asyncio.run(requests_recalled(stand_in, sent, cut(b"".join(sent), places))))

    compare()
    assert sum(recalled) > 100


async def answers_recalled(stand_in: socket.socket, method: bytes, answers: Sequence[list[bytes]]) -> int:
    """The same answer in several cuts, once it was met as one; how often it was known."""
    request = GET.replace(b"GET", method)
    forgetful, knowing = House(stand_in, forgetful=True), House(stand_in)
    for _ in range(3):
        knowing.converse([GET], answers[0])
    for pieces in answers:
        expected = forgetful.converse([request] * 3, pieces)
        # The client's side alone: an empty line after an answer ends the connection or not.
        assert knowing.converse([request] * 3, pieces).client == expected.client
    return knowing.recalled


def test_answers_known_or_not(stand_in: socket.socket) -> None:
    """What a client is answered does not depend on what was read before."""
    recalled = []

    @example(answer=OK, places=[], method=b"HEAD", more=b"")
    @example(answer=b"HTTP/1.1 100 Continue\r\n\r\n" + OK, places=[25], method=b"POST", more=b"")
    @FUZZ
    @given(
        answer=messages(STATUSES),
        places=PLACES,
        method=st.sampled_from([b"GET", b"HEAD", b"POST"]),
        more=st.sampled_from([b"", b"\r\n", OK, b"\0"]),
    )
    def compare(answer: bytes, places: list[int], method: bytes, more: bytes) -> None:
        answers = [[answer], cut(answer, places), cut(answer + more, places)]
        recalled.append(asyncio.run(answers_recalled(stand_in, method, answers)))

    compare()
    assert sum(recalled) > 100


def test_what_follows_a_known_answer_is_nobodys(stand_in: socket.socket) -> None:
    """The connection that brought it takes no other request."""

    async def meet() -> None:
        house = House(stand_in)
        for _ in range(3):
            house.converse([GET], [OK])
        said = house.converse([GET] * 3, [OK + b"HTTP/1.1 418"])
        assert house.recalled > 3
        assert [end for _, end in said.backend] == ["closed"] * 3

    asyncio.run(meet())


REQUEST = read_request(b"GET", b"/", "1.1", [(b"Host", b"x")])


def test_a_head_is_learnt_when_it_comes_again() -> None:
    """What comes once is not kept, and what is kept is bounded in number and size."""
    known: Heads[Request] = Heads()
    known.learn(GET, REQUEST)
    assert known.recall(GET) is None
    known.learn(GET, REQUEST)
    assert known.recall(GET) is REQUEST
    long = GET[:-2] + b"A: " + b"a" * heads.LONGEST + b"\r\n\r\n"
    for raw in [long, *(GET.replace(b"/", b"/%d" % number) for number in range(3 * heads.MOST))]:
        known.learn(raw, REQUEST)
        known.learn(raw, REQUEST)
    assert known.recall(long) is None
    assert 0 < len(known) <= heads.MOST


def test_what_the_parser_must_see_is_not_learnt() -> None:
    """Chunks, other protocols and answers without an end go through the parser each time."""
    host, upgrade = (b"Host", b"x"), (b"Connection", b"upgrade")
    requests: Heads[Request] = Heads()
    answers: Heads[Response] = Heads()
    for fields in ([(b"Transfer-Encoding", b"chunked")], [upgrade, (b"Upgrade", b"x")], []):
        for _ in range(3):
            if fields:
                requests.learn(GET, read_request(b"GET", b"/", "1.1", [host, *fields]))
            answers.learn(HEAD, read_response(b"GET", 200, b"", "1.1", fields))
        assert requests.recall(GET) is None
        assert answers.recall(HEAD) is None


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\r\n\r\n", b"\r\n" + GET, GET + b"\r\n", GET[:-1], GET[:-2], GET + GET, OK),
        *(GET.replace(b"\r\nHost", b"\nHost"), GET.replace(b"x", b"\r"), GET.replace(b"x", b"x\n")),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_whole_head(raw: bytes) -> None:
    """Nor is what is less or more than one."""
    assert whole(GET)
    assert not whole(raw)
