"""The bare line of the way back: the same answers and the same no as the official client's.

On plain HTTP it is asked of a server that says what each test has it say; with TLS and a login Google is
played by ``responses``. That both clients agree on a whole platform is shown in ``tests/release``.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import responses

from relman import cloudrun
from relman.cloudrun import CloudRun
from relman.errors import NotAuthenticated, Raced, Rejected, RelmanError, Unreachable
from relman.models import ServiceKey
from relman.wayback import GOOGLE, WayBack

KEY = ServiceKey("acme", "europe-west1", "api")


class Spoken:
    """A server that answers every request alike, and remembers them."""

    def __init__(self) -> None:
        """Listen; nothing is answered before ``says``."""
        self.asked: list[tuple[str, str, bytes]] = []
        self.status, self.body = 500, b""
        spoken = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                spoken.asked.append((self.command, self.path, self.rfile.read(length)))
                self.send_response(spoken.status)
                self.send_header("Content-Length", str(len(spoken.body)))
                self.end_headers()
                self.wfile.write(spoken.body)

            do_PATCH = do_POST = do_GET  # noqa: N815 - http.server finds them by these names

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def says(self, status: int, content: object) -> None:
        """Answer so from now on."""
        self.status = status
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def api() -> Iterator[Spoken]:
    """Something that speaks for Cloud Run on plain HTTP."""
    spoken = Spoken()
    yield spoken
    spoken.close()


@pytest.fixture(params=[CloudRun, WayBack], ids=["official", "bare"])
def cloud(request: pytest.FixtureRequest, api: Spoken) -> Iterator[CloudRun]:
    """Each of the two clients."""
    made: CloudRun = request.param(api.endpoint)
    yield made
    made.close()


def no(status: str, message: str = "because") -> dict[str, Any]:
    """The envelope in which Google says no."""
    return {"error": {"code": 0, "message": message, "status": status}}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (400, "INVALID_ARGUMENT", Rejected),
        (400, "FAILED_PRECONDITION", Rejected),
        (401, "UNAUTHENTICATED", NotAuthenticated),
        (403, "PERMISSION_DENIED", NotAuthenticated),
        (404, "NOT_FOUND", Rejected),
        (409, "ABORTED", Raced),
        (409, "ALREADY_EXISTS", Raced),
        (429, "RESOURCE_EXHAUSTED", Unreachable),
        (500, "INTERNAL", Unreachable),
        (503, "UNAVAILABLE", Unreachable),
        (504, "DEADLINE_EXCEEDED", Unreachable),
    ],
)
def test_a_no_to_a_write_is_the_same_error_from_both(
    api: Spoken, cloud: CloudRun, code: int, status: str, kind: type[RelmanError]
) -> None:
    """The status in the answer's body decides; the write was sent once."""
    api.says(code, no(status))
    with pytest.raises(kind) as raised:
        cloud.update(KEY, etag='"e"', body={"traffic": []})
    assert type(raised.value) is kind
    assert len(api.asked) == 1


def test_the_same_write_goes_out(api: Spoken, cloud: CloudRun) -> None:
    """Exactly the fields of the body are masked, and the etag is sent."""
    api.says(200, {"name": "projects/acme/locations/europe-west1/operations/1"})
    target = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-v1", "percent": 100}
    body = {"traffic": [target], "annotations": {"relman.dev/epoch": "7"}}
    assert cloud.update(KEY, etag='"as-read"', body=body).endswith("/operations/1")
    [(method, path, raw)] = api.asked
    place, _, query = path.partition("?")
    sent = json.loads(raw)
    assert (method, place) == ("PATCH", f"/v2/{KEY.path}")
    assert "updateMask=annotations%2Ctraffic" in query
    assert sent["etag"] == '"as-read"'
    assert sent["annotations"] == {"relman.dev/epoch": "7"}
    assert [(one["revision"], one["percent"]) for one in sent["traffic"]] == [("api-v1", 100)]


def test_an_operations_complaint_is_told(api: Spoken, cloud: CloudRun) -> None:
    """The wait is the server's own, and what it complains of comes back."""
    api.says(200, {"name": "o", "done": True, "error": {"code": 9, "message": "not ready"}})
    assert cloud.settle("projects/acme/locations/europe-west1/operations/1", 7) == "not ready"
    [(method, path, raw)] = api.asked
    assert (method, path.partition("?")[0]) == (
        "POST",
        "/v2/projects/acme/locations/europe-west1/operations/1:wait",
    )
    assert json.loads(raw)["timeout"] == "7s"


def test_what_is_not_there_is_none(api: Spoken, cloud: CloudRun) -> None:
    """404 to a read is an answer, and no error."""
    api.says(404, no("NOT_FOUND"))
    assert cloud.service(KEY) is None
    assert cloud.revision(KEY, "api-v1") is None


@pytest.mark.parametrize("page", [b"<html>Bad Gateway</html>", b"[]", b'"sorry"', b"\xff\xfe", b""])
def test_what_is_no_answer_of_google_is_no_answer(api: Spoken, page: bytes) -> None:
    """The page of a proxy, whatever it says: the platform is unreachable, and no service is gone."""
    cloud = WayBack(api.endpoint)
    for status, kind in ((200, Unreachable), (502, Unreachable), (404, Rejected)):
        api.says(status, page)
        with pytest.raises(kind):
            cloud.service(KEY)


def test_nobody_at_the_endpoint_is_unreachable(api: Spoken, cloud: CloudRun) -> None:
    """A refused connection: exit 69, and the command that starts a platform."""
    api.close()
    with pytest.raises(Unreachable, match="Cloud Run does not answer") as raised:
        cloud.service(KEY)
    assert raised.value.code == 69


def test_a_server_that_hangs_is_unreachable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing: the read's seconds end it."""
    monkeypatch.setattr("relman.wayback.READ_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        cloud = WayBack(f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(Unreachable):
            cloud.service(KEY)
    assert cloudrun.READ_SECONDS <= 5


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    """Google with TLS and a login, played; this machine is logged in as a person."""
    held = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    (tmp_path / "login.json").write_text(json.dumps(held))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "acme")
    with responses.RequestsMock() as played:
        yield played


def test_google_itself_is_asked_with_the_login_of_this_machine(google: responses.RequestsMock) -> None:
    """Application default credentials: a token is fetched, and carried by the request."""
    google.post("https://oauth2.googleapis.com/token", json={"access_token": "t", "expires_in": 3600})
    google.get(f"{GOOGLE}/v2/{KEY.path}", json={"name": KEY.path, "etag": '"e"'})
    cloud = WayBack(None)
    found = cloud.service(KEY)
    cloud.close()
    assert found
    assert found.etag == '"e"'
    assert google.calls[1].request.headers["Authorization"] == "Bearer t"


def test_a_login_server_that_is_away_is_unreachable(google: responses.RequestsMock) -> None:
    """Nobody is sent to log in again for a network that is down."""
    google.post("https://oauth2.googleapis.com/token", body=requests.ConnectionError("no route"))
    cloud = WayBack(None)
    with pytest.raises(Unreachable):
        cloud.service(KEY)
    cloud.close()


def test_without_a_login_the_command_that_logs_in_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials on this machine: exit 77."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(NotAuthenticated, match="gcloud auth application-default login") as raised:
        WayBack(None).service(KEY)
    assert raised.value.code == 77
