"""What a smoke file may say, and what is said of one that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relman.errors import ConfigError
from relman.smoke import default_suite, load

from .servers import HELLO

Write = Callable[[str], Path]


def test_the_specified_file_is_read(smoke_file: Write) -> None:
    """Every key of the specification but ``schema`` means what it says."""
    suite = load(
        smoke_file("""
[service]
auth = "id-token"
warmup = { path = "/healthz", within = "30s" }
[[check]]
name = "list items"
get = "/v1/items?limit=5"
expect = { status = 200, json = { "length(items)" = 5, "items[0].id" = { matches = "^it_" } } }
latency = { samples = 10, p95 = "250ms", degraded = "180ms" }
retry = { attempts = 3, every = "2s", on = ["connect", 502, 503, 504] }
[[check]]
name = "version is the one deployed"
get = "/version"
expect.json = { version = "${release.version}", revision = "${release.revision}" }
""")
    )
    first, second = suite.check
    assert (first.method, first.path, first.timeout.seconds) == ("GET", "/v1/items?limit=5", 10)
    assert first.retry.on == ("connect", "502", "503", "504")
    assert first.latency is not None
    assert first.latency.p95.seconds == 0.25
    assert second.expect.json == {"version": "${release.version}", "revision": "${release.revision}"}
    assert suite.service.warmup is not None
    assert suite.service.warmup.within.seconds == 30


def test_the_example_is_a_valid_file() -> None:
    """The file that the example ships can be read."""
    assert len(load(HELLO / "smoke" / "hello.toml").check) == 4


def test_the_default_suite_asks_something() -> None:
    """A service without a smoke file is asked one thing; an empty suite would never pass."""
    (check,) = default_suite().check
    assert (check.method, check.path, check.expect.status) == ("GET", "/", "below 500")


CHECK = '[[check]]\nname = "a"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[servise]\nauth = "none"', ":1: unknown key 'servise', did you mean 'service'?"),
        (f'{CHECK}get = "/"\nexpct = {{}}', ":4: check[0]: unknown key 'expct', did you mean 'expect'?"),
        (f'{CHECK}get = "/"\n\nexpect = {{ staus = 200 }}', ":5: check[0].expect: unknown key 'staus'"),
        (f'{CHECK}get = "/"\nexpect = {{ schema = "x" }}', ":4: check[0].expect: unknown key 'schema'"),
        (f'{CHECK}get = "/"\n{CHECK}get = "/"', "two checks are called 'a'"),
        (CHECK, "exactly one of get, head, post"),
        (f'{CHECK}get = "/"\npost = "/"', ":1: check[0]: a check needs exactly one of"),
        (f'{CHECK}get = "items"', ":3: check[0].get: expected a path"),
        (f'{CHECK}get = "//evil.example/"', "expected a path that begins with one '/'"),
        (f'{CHECK}get = "/"\ntimeout = "soon"', ":4: check[0].timeout: expected a duration"),
        (f'{CHECK}get = "/"\ntimeout = "0s"', "leaves no time to answer"),
        (f'{CHECK}get = "/"\nexpect.status = 99', ":4: check[0].expect.status: expected a status"),
        (f'{CHECK}get = "/"\nexpect.status = []', "expected a status"),
        (f'{CHECK}get = "/"\nexpect.status = true', "expected a status"),
        (f'{CHECK}get = "/"\nexpect.json = {{ "a[" = 1 }}', "'a[' is no JMESPath expression"),
        (f'{CHECK}get = "/"\nexpect.json = {{ a = {{ matches = "(" }} }}', "expected a regular expression"),
        (f'{CHECK}get = "/"\nexpect.body.matches = "("', "expected a regular expression"),
        (f'{CHECK}get = "/${{release.verson}}"', "${release.verson} is none of release.version"),
        (f'{CHECK}get = "/"\nretry.on = [200]', "expected 'connect', 'timeout' or a status"),
        (f'{CHECK}get = "/"\nlatency = {{ p95 = "1s", degraded = "1s" }}', "must be less than 'p95'"),
        (f'{CHECK}get = "/"\nlatency = {{ samples = 0, p95 = "1s" }}', ":4: check[0].latency.samples"),
        (f'{CHECK}post = "/"\njson = {{}}\nbody = ""', "two bodies"),
        ('[service]\nauth = "basic"', ":2: service.auth: expected none, id-token, or header:VARIABLE"),
        ("", "without a [[check]] checks nothing"),
        ("[service", "no TOML"),
        ("a = 1\nb = = 2", ":2: "),
        ("check = 5", ":1: check: Expected `array`"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(smoke_file: Write, text: str, said: str) -> None:
    """Nothing is guessed: file, line, what is wrong, and where it is near, what may be meant."""
    path = smoke_file(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_or_not_text_is_a_plain_error(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no UTF-8 end as configuration errors; a BOM does not."""
    bom = tmp_path / "bom.toml"
    bom.write_text(f'{CHECK}get = "/"', encoding="utf-8-sig")
    assert len(load(bom).check) == 1
    odd = tmp_path / "odd.toml"
    odd.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "none.toml", tmp_path, odd):
        with pytest.raises(ConfigError, match=str(path)):
            load(path)
