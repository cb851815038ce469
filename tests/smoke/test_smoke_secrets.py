"""Who the checks ask as, and that no secret comes back out."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from relman.clock import system
from relman.errors import NotAuthenticated
from relman.smoke import Report, junit, load, run, table
from relman.smoke.credentials import audience, headers
from relman.smoke.suite import Auth, Service

from .servers import Handler, Odd

Ask = Callable[..., Report]
SECRET = "s3cr3t-9f8e7d"
CHECK = '[[check]]\nname = "it"\nget = "/it"\nexpect.json.a = 1\n'
HEADER = f'[service]\nauth = "header:SMOKE_HEADER"\n{CHECK}'


def echo(handler: Handler) -> None:
    """A service that says in public what it was told in secret."""
    handler.send(200, json.dumps({"a": handler.headers["X-Api-Key"]}).encode())


def test_a_header_of_the_environment_is_sent_and_never_reported(
    odd: Odd, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the service echoes it into the fact of a failure."""
    monkeypatch.setenv("SMOKE_HEADER", f"X-Api-Key: Key {SECRET}\n")
    odd.replies["/it"] = echo
    report = ask(HEADER)
    assert odd.seen[0]["headers"]["X-Api-Key"] == f"Key {SECRET}"
    assert "***" in report.results[0].fact
    written = [msgspec.json.encode(report).decode(), table(report), junit(report), report.summary]
    assert not any(SECRET in text for text in written)


def test_half_a_secret_does_not_come_out_either(odd: Odd, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fact is cut short after the secret is taken out, wherever the cut falls."""
    monkeypatch.setenv("SMOKE_HEADER", f"X-Api-Key: {SECRET}")
    for before in range(120, 180, 3):
        odd.json("/it", {"a": "x" * before + SECRET})
        fact = ask(HEADER).results[0].fact
        assert SECRET[:4] not in fact


@pytest.mark.parametrize("line", [None, "", "no colon", "X-Api-Key:", ": value", "A: 1\nB: 2"])
def test_without_its_header_nothing_is_asked(
    odd: Odd, ask: Ask, monkeypatch: pytest.MonkeyPatch, line: str | None
) -> None:
    """It is an error of authentication that names the variable, and not a failed check."""
    monkeypatch.delenv("SMOKE_HEADER", raising=False)
    if line is not None:
        monkeypatch.setenv("SMOKE_HEADER", line)
    with pytest.raises(NotAuthenticated, match="SMOKE_HEADER"):
        ask(HEADER)
    assert odd.seen == []


def test_a_header_that_cannot_be_sent_is_not_told(
    odd: Odd, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters that no header can carry: a failed check that does not quote them."""
    monkeypatch.setenv("SMOKE_HEADER", f"X-Api-Key: {SECRET} €")
    report = ask(HEADER)
    assert not report.passed
    assert SECRET not in msgspec.json.encode(report).decode()
    assert odd.seen == []


def test_a_given_token_is_sent_as_bearer_to_our_origin_only(odd: Odd, other: Odd, tmp_path: Path) -> None:
    """A redirect to somebody else goes there without it, and so does what .netrc knows."""
    path = tmp_path / "it.toml"
    path.write_text(f"{CHECK}expect.max_redirects = 2\n", encoding="utf-8")
    odd.replies["/it"] = lambda handler: handler.send(302, Location=f"{other.url}/it")
    other.replies["/it"] = lambda handler: handler.send(302, Location=f"{odd.url}/end")
    odd.json("/end", {"a": 1})
    assert run(load(path), odd.url, values={}, clock=system(), token=SECRET).passed
    first, last = odd.seen
    assert first["headers"]["Authorization"] == last["headers"]["Authorization"] == f"Bearer {SECRET}"
    assert "Authorization" not in other.seen[0]["headers"]


def test_netrc_does_not_speak_for_us(
    odd: Odd, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that lies in a person's home folder is theirs."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password me\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    odd.json("/it", {"a": 1})
    assert ask(CHECK).passed
    assert "Authorization" not in odd.seen[0]["headers"]


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://hello-abc-ew.a.run.app", "https://hello-abc-ew.a.run.app"),
        ("https://c-1a2b3---hello-abc-ew.a.run.app/", "https://hello-abc-ew.a.run.app"),
        ("https://c-1a2b3---hello-123.europe-west1.run.app/x", "https://hello-123.europe-west1.run.app"),
    ],
)
def test_the_audience_is_the_service_and_not_its_tag(url: str, wanted: str) -> None:
    """Cloud Run refuses a token whose audience is a tag's URL."""
    assert audience(url) == wanted


def _jwt() -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part({'exp': int(time.time()) + 3600})}.eA"


ASKS = """
from relman.smoke import credentials, suite
service = suite.Service(auth=suite.Auth("id-token"))
print(credentials.headers(service, "https://c-1a2b3---hello-abc-ew.a.run.app", None)["Authorization"])
"""


def test_an_id_token_comes_from_the_metadata_server(odd: Odd) -> None:
    """On Google's machines one is made for the service's URL, through google-auth itself."""

    def reply(text: str, kind: str) -> Callable[[Handler], None]:
        return lambda it: it.send(200, text.encode(), Metadata_Flavor="Google", Content_Type=kind)

    token, place = _jwt(), "/computeMetadata/v1/instance/service-accounts/default/"
    odd.replies["/"] = reply("", "text/plain")
    odd.replies[place] = reply('{"email": "ci@acme"}', "application/json")
    odd.replies[f"{place}identity"] = reply(token, "text/plain")
    host = odd.url.removeprefix("http://")
    env = {"PATH": os.environ["PATH"], "GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}
    ran = subprocess.run([sys.executable, "-c", ASKS], env=env, capture_output=True, text=True, check=False)
    assert ran.stdout == f"Bearer {token}\n", ran.stderr
    asked = next(urlsplit(one["path"]) for one in odd.seen if one["path"].startswith(f"{place}identity"))
    assert parse_qs(asked.query)["audience"] == ["https://hello-abc-ew.a.run.app"]


@pytest.mark.parametrize("token", [" ", "two words", "a\nb"])
def test_a_token_that_is_no_word_is_refused_and_not_told(token: str) -> None:
    """What cannot stand in a header is no token."""
    with pytest.raises(NotAuthenticated, match="the token for the smoke checks is none") as caught:
        headers(Service(), "http://127.0.0.1:9000", token)
    assert "two" not in str(caught.value).removesuffix("2 words")


def test_nobody_is_asked_for_a_token_on_loopback() -> None:
    """The embedded platform wants none."""
    assert headers(Service(auth=Auth("id-token")), "http://127.0.0.1:9000", None) == {}


def test_a_token_that_cannot_be_made_is_an_error_of_authentication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials of the wrong kind end with what to do, not with a stack trace."""
    person = tmp_path / "person.json"
    person.write_text('{"type": "authorized_user"}', encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(person))
    with pytest.raises(NotAuthenticated, match=r"no ID token for https://hello\.example"):
        headers(Service(auth=Auth("id-token")), "https://hello.example", None)
