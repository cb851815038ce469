"""One check becomes an HTTP request, and an answer or the reason why there is none.

What it is not: a judgement, or a second attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from relman.clock import Clock
from relman.config.words import Endpoint
from relman.errors import UsageError, repeated
from relman.smoke.judging import Answer
from relman.smoke.suite import Check

LONGEST = 5_000_000
"""A longer body is not read: it is no answer to a smoke check."""
_CHUNK = 65_536


class Unanswered(Exception):
    """There is no whole answer; ``kind`` is ``connect``, ``timeout`` or nothing that retries name."""

    def __init__(self, kind: str, fact: str) -> None:
        """Keep what kind of trouble it is."""
        super().__init__(fact)
        self.kind = kind


def origin(base_url: str) -> Endpoint:
    """Scheme, host and port of a URL that can be asked.

    Raises:
        UsageError: It is no http or https URL.
    """
    try:
        return Endpoint(_origin(base_url))
    except ValueError:
        wanted = f"{repeated(base_url)}; write it like https://api.example or http://127.0.0.1:8080"
        raise UsageError("not a URL that can be asked", fact=wanted) from None


class Asker:
    """One connection pool, for one thread. No cookie is kept and no redirect followed unasked.

    Args:
        base_url: Where the service is; a check's path is appended.
        secrets: Headers that show who asks; they go to this origin only.
        clock: Where the time comes from.
    """

    def __init__(self, base_url: str, secrets: Mapping[str, str], clock: Clock) -> None:
        """Open nothing yet."""
        import requests

        self._base, self._origin = base_url.rstrip("/"), origin(base_url)
        self._secrets, self._clock = secrets, clock
        self._session = requests.Session()
        self._session.headers.update({"Cache-Control": "no-cache", "User-Agent": _agent()})
        self._session.trust_env = not self._origin.loopback  # no proxy stands before loopback
        self._session.cookies.set_policy(_no_cookies())

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, check: Check, seconds: float) -> Answer:
        """Ask a check once; ``seconds`` is the time for everything, redirects and body too.

        Raises:
            Unanswered: There was no whole answer in time.
        """
        ends = self._clock.now() + timedelta(seconds=seconds)
        method, url, sent = check.method, self._base + check.path, _sent(check)
        for _ in range(check.expect.max_redirects):
            answer, target = self._once(method, url, sent, ends)
            if target is None:
                return answer
            url = urljoin(url, target)
            method, sent = _after(answer.status, method, sent)
        return self._once(method, url, sent, ends)[0]

    def _once(self, method: str, url: str, sent: dict[str, Any], ends: datetime) -> tuple[Answer, str | None]:
        """One request: the answer, and where it redirects to."""
        import requests
        from urllib3.exceptions import HTTPError, ReadTimeoutError

        left = (ends - self._clock.now()).total_seconds()
        if left <= 0:
            raise Unanswered("timeout", "no answer in time")
        try:
            with self._session.request(
                method, url, **sent, auth=self._signed, timeout=left, allow_redirects=False, stream=True
            ) as got:
                body = self._body(got, ends)
                return Answer(got.status_code, got.headers, body), self._session.get_redirect_target(got)
        except (requests.ConnectionError, requests.ConnectTimeout) as error:
            raise Unanswered("connect", f"no connection ({_short(error)})") from error
        except (requests.Timeout, ReadTimeoutError) as error:
            raise Unanswered("timeout", f"no answer within {left:.2g} s") from error
        except (requests.RequestException, HTTPError, ValueError) as error:
            raise Unanswered("", f"no whole answer ({_short(error)})") from error

    def _signed(self, request: Any) -> Any:  # noqa: ANN401 - requests' own hook
        """Who asks, for our own origin only; being here also keeps ``.netrc`` out of it."""
        if _origin(request.url) == self._origin:
            request.headers.update(self._secrets)
        return request

    def _body(self, got: Any, ends: datetime) -> bytes:  # noqa: ANN401 - requests' response
        """The body piece by piece: a service that drips must not hold us longer than it may."""
        body = b""
        while piece := got.raw.read1(_CHUNK, decode_content=True):
            body += piece
            if len(body) > LONGEST:
                raise Unanswered("", f"the answer is longer than {LONGEST:,} bytes")
            if self._clock.now() > ends:
                raise Unanswered("timeout", "the answer did not end in time")
        return body


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _sent(check: Check) -> dict[str, Any]:
    headers = {name: value.encode() for name, value in check.headers.items()}
    body = {"json": check.json} if check.json is not None else {"data": (check.body or "").encode()}
    return {"headers": headers, **body}


def _after(status: int, method: str, sent: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """How a redirect is followed: 307 and 308 repeat the request (RFC 9110, section 15.4)."""
    if status in {307, 308} or method in {"GET", "HEAD"}:
        return method, sent
    return "GET", {"headers": sent["headers"]}


def _short(error: BaseException) -> str:
    """The innermost reason: ``Connection refused``, a name that does not resolve."""
    inner: BaseException | None = error
    while inner is not None:
        error, inner = inner, _within(inner)
    return getattr(error, "strerror", None) or str(error).rpartition(": ")[2] or type(error).__name__


def _within(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    found = [reason, *error.args, error.__cause__ or error.__context__]
    return next((one for one in found if isinstance(one, BaseException) and one is not error), None)


def _no_cookies() -> Any:  # noqa: ANN401 - requests' types know no policy
    from http.cookiejar import DefaultCookiePolicy

    return DefaultCookiePolicy(allowed_domains=[])


def _agent() -> str:
    try:
        return f"relman-smoke/{metadata.version('relman')}"
    except metadata.PackageNotFoundError:
        return "relman-smoke/unreleased"
