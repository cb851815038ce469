"""What a smoke file may say: frozen values whose docstrings are the reference.

What it is not: reading the file (``reading``), or asking a service (``running``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from msgspec import Meta, Struct

from relman.config.words import Duration, Text, Word
from relman.smoke.filling import named_in

METHODS = ("get", "head", "post", "put", "patch", "delete")
FILLS = ("release.version", "release.revision", "release.commit", "release.digest")
"""What ``${…}`` may name. Which of them is known depends on who runs the checks."""


class Path(Word):
    """Where on the service a check asks."""

    __slots__ = ()
    shape = "a path that begins with one '/', such as '/v1/items?limit=5'"
    pattern = r"/(?!/)[^\s#]*"


class Pattern(Word):
    """A regular expression of Python's ``re``; it may match anywhere in the text."""

    __slots__ = ()
    shape = "a regular expression"
    pattern = r"(?s).*"

    @classmethod
    def fits(cls, text: str) -> bool:
        """Whether it compiles."""
        try:
            return re.compile(text) is not None
        except re.error:
            return False


class Auth(Word):
    """How a check shows who asks."""

    __slots__ = ()
    shape = "none, id-token, or header:VARIABLE with the name of an environment variable"
    pattern = r"none|id-token|header:[A-Za-z_][A-Za-z0-9_]*"


class Status(Word):
    """The HTTP statuses that are right: ``200``, ``[200, 404]``, ``"2xx"`` or ``"below 500"``."""

    __slots__ = ()
    shape = "a status such as 200, [200, 404], '2xx' or 'below 500'"
    pattern = r"[1-5]\d\d( or [1-5]\d\d)*|[1-5]xx|below [1-6]\d\d"

    def __new__(cls, text: object) -> Self:
        """The statuses as a person reads them: ``200 or 404``."""
        if isinstance(text, list | tuple):
            return super().__new__(cls, " or ".join(str(one) for one in text) or text)
        return super().__new__(cls, str(text) if type(text) is int else text)

    def admits(self, status: int) -> bool:
        """Whether this status is right."""
        if self.startswith("below "):
            return status < int(self.removeprefix("below "))
        return str(status) in self.split(" or ") or f"{status // 100}xx" == self


class Trouble(Word):
    """What is worth another attempt."""

    __slots__ = ()
    shape = "'connect', 'timeout' or a status from 400 to 599"
    pattern = r"connect|timeout|[45]\d\d"

    def __new__(cls, text: object) -> Self:
        """The word, or the status as a word."""
        return super().__new__(cls, str(text) if type(text) is int else text)


class Matches(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that must match.

    Attributes:
        matches: A regular expression, found anywhere in the text unless it says ``^`` and ``$``.
    """

    matches: Pattern


class Body(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the body must be, read as text.

    Attributes:
        contains: A text that stands in it.
        matches: A regular expression that is found in it.
    """

    contains: Text | None = None
    matches: Pattern | None = None


class Expect(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is right.

    Attributes:
        status: The right statuses; default "2xx".
        headers: Per response header its value, or ``{ matches = "…" }``.
        body: What the body contains or matches.
        json: Per JMESPath expression the value that it must give, or ``{ matches = "…" }``.
        max_redirects: How many redirects are followed; default 0: the redirect itself is judged.
    """

    status: Status = Status("2xx")
    headers: dict[str, str | Matches] = {}
    body: Body = Body()
    json: dict[str, Any] = {}
    max_redirects: Annotated[int, Meta(ge=0, le=10)] = 0

    def __post_init__(self) -> None:
        """Refuse what could never be judged.

        Raises:
            ValueError: An expression or a pattern cannot be read.
        """
        for expression, value in self.json.items():
            _readable(expression)
            if is_pattern(value):
                Pattern(value["matches"])


class Latency(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How fast it must be; sampled one after another when all checks have been asked.

    Attributes:
        samples: How many requests are timed; default 10.
        p95: The 95th percentile (nearest rank) above which the check fails.
        degraded: The one above which the check passes and says so.
    """

    p95: Duration
    samples: Annotated[int, Meta(ge=1, le=200)] = 10
    degraded: Duration | None = None

    def __post_init__(self) -> None:
        """Refuse a warning that comes after the failure.

        Raises:
            ValueError: ``degraded`` is not below ``p95``.
        """
        if self.degraded is not None and self.degraded.seconds >= self.p95.seconds:
            raise ValueError(f"'degraded' ({self.degraded}) must be less than 'p95' ({self.p95})")


class Retry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a check is asked again; without this table it never is. A pass after that is flaky.

    Attributes:
        attempts: How often it is asked at most; default 3.
        every: How long is waited in between; default "1s".
        on: What is worth it; default ["connect", 502, 503, 504].
    """

    attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    every: Duration = Duration("1s")
    on: tuple[Trouble, ...] = (Trouble("connect"), Trouble("502"), Trouble("503"), Trouble("504"))


class Check(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request and what is right; ``[[check]]``. Exactly one method is named, with its path.

    Texts may hold ``${release.version}``, ``${release.revision}``, ``${release.commit}`` and
    ``${release.digest}``. Where one is not known the check is not asked, and the report says so.

    Attributes:
        name: What people read; no two checks have the same.
        get: The path that is asked with GET. In the same way: head, post, put, patch, delete.
        headers: Request headers.
        json: What is sent, as JSON.
        body: What is sent, as it is.
        expect: What is right; default: any status from 200 to 299.
        latency: How fast it must be.
        retry: When it is asked again.
        timeout: How long one request may take, from connect to the last byte; default "10s".
    """

    name: Text
    get: Path | None = None
    head: Path | None = None
    post: Path | None = None
    put: Path | None = None
    patch: Path | None = None
    delete: Path | None = None
    headers: dict[str, str] = {}
    json: Any = None
    body: str | None = None
    expect: Expect = Expect()
    latency: Latency | None = None
    retry: Retry = Retry(attempts=1)
    timeout: Duration = Duration("10s")

    def __post_init__(self) -> None:
        """Refuse what could not be asked, or only in two ways.

        Raises:
            ValueError: No method or several, two bodies, no time, or a name that ``${…}`` has not.
        """
        if len(self._methods) != 1:
            raise ValueError(f"a check needs exactly one of {', '.join(METHODS)}")
        if self.json is not None and self.body is not None:
            raise ValueError("'json' and 'body' are two bodies")
        if not self.timeout.seconds:
            raise ValueError("a 'timeout' of nothing leaves no time to answer")
        if unknown := named_in(self) - set(FILLS):
            raise ValueError(f"${{{min(unknown)}}} is none of {', '.join(FILLS)}")

    @property
    def _methods(self) -> list[str]:
        return [method for method in METHODS if getattr(self, method) is not None]

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self._methods[0].upper()

    @property
    def path(self) -> str:
        """The path that is asked."""
        return str(getattr(self, self._methods[0]))


class Warmup(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Waiting for the first answer: a new URL and its permissions take seconds to be known.

    Connect errors, timeouts, 403, 404, 502, 503 and 504 are waited out; any other answer ends it.

    Attributes:
        path: The path that is asked with GET; default "/".
        within: How long is waited at most; default "30s".
    """

    path: Path = Path("/")
    within: Duration = Duration("30s")


class Service(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds for all checks; ``[service]``.

    Attributes:
        auth: "none" (default); "id-token": a Google ID token for the service's run.app URL;
            "header:VARIABLE": the header line ("Name: value") that stands in an environment variable.
        audience: The audience of the ID token; absent: the service's URL without a tag.
        warmup: What is waited for before the first check; absent: nothing.
        budget: How long everything may take together; default "2m".
    """

    auth: Auth = Auth("none")
    audience: Text | None = None
    warmup: Warmup | None = None
    budget: Duration = Duration("2m")


class Suite(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole smoke file.

    Attributes:
        check: The checks, one ``[[check]]`` each.
        service: What holds for all of them.
    """

    check: tuple[Check, ...] = ()
    service: Service = Service()

    def __post_init__(self) -> None:
        """Refuse two checks that a report could not tell apart.

        Raises:
            ValueError: A name stands twice.
        """
        names = [check.name for check in self.check]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two checks are called {str(twice)!r}")


def is_pattern(value: object) -> bool:
    """Whether an expected JSON value is ``{ matches = "…" }``, and not an object to compare with."""
    return isinstance(value, dict) and set(value) == {"matches"}


def _readable(expression: str) -> None:
    import jmespath

    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"{expression!r} is no JMESPath expression: {str(error).splitlines()[0]}") from error
