"""Every kind of no that Google's API says, as one tree of errors with its exit codes.

The embedded platform cannot say most of them (a lapsed login, a proxy's page), so here Google, a third
party, is played by ``responses``; the client in between is Google's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials

from relman.cloudrun import CloudRun
from relman.errors import NotAuthenticated, Raced, Rejected, RelmanError, Unreachable
from relman.models import ServiceKey
from relman.wire import speaking

ENDPOINT = "http://run.example.invalid"
KEY = ServiceKey("acme", "europe-west1", "api")
URL = f"{ENDPOINT}/v2/{KEY.path}"


@pytest.fixture
def google() -> Iterator[responses.RequestsMock]:
    """Google, as far as the wire goes; every answer prepared must be asked for."""
    with responses.RequestsMock(assert_all_requests_are_fired=True) as played:
        yield played


@pytest.fixture
def cloud() -> Iterator[CloudRun]:
    """Google's own client, at that address."""
    made = CloudRun(ENDPOINT)
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
        (403, "PERMISSION_DENIED", NotAuthenticated),
        (409, "ABORTED", Raced),
        (409, "ALREADY_EXISTS", Raced),
        (429, "RESOURCE_EXHAUSTED", Unreachable),
        (500, "INTERNAL", Unreachable),
        (503, "UNAVAILABLE", Unreachable),
        (504, "DEADLINE_EXCEEDED", Unreachable),
    ],
)
def test_each_status_has_its_error(
    google: responses.RequestsMock, cloud: CloudRun, code: int, status: str, kind: type[RelmanError]
) -> None:
    """The status in the answer's body decides, and its message is told."""
    google.patch(URL, status=code, json=no(status))
    with pytest.raises(kind, match="because") as raised:
        cloud.update(KEY, etag='"e"', body={"traffic": []})
    assert type(raised.value) is kind


def test_a_login_that_is_not_accepted_is_said_so(google: responses.RequestsMock, cloud: CloudRun) -> None:
    """401: the client tries to renew what it has, cannot, and exit 77 names the command."""
    google.patch(URL, status=401, json=no("UNAUTHENTICATED"))
    with pytest.raises(NotAuthenticated, match="gcloud auth application-default login") as raised:
        cloud.update(KEY, etag='"e"', body={"traffic": []})
    assert raised.value.code == 77


def test_a_login_that_cannot_be_renewed_over_the_network_is_no_lapsed_login(
    google: responses.RequestsMock,
) -> None:
    """The login's own server is away: exit 69, and nobody is sent to log in again for nothing."""
    login = "http://login.example.invalid/token"
    google.post(login, body=requests.ConnectionError("no route"))
    held = Credentials(None, refresh_token="r", token_uri=login, client_id="c", client_secret="s")  # type: ignore[no-untyped-call]
    with (
        pytest.raises(Unreachable, match="Cloud Run does not answer") as raised,
        speaking("Cloud Run", None),
        AuthorizedSession(held) as session,  # type: ignore[no-untyped-call]
    ):
        session.get(URL)
    assert raised.value.code == 69


def test_what_is_not_there_is_none(google: responses.RequestsMock, cloud: CloudRun) -> None:
    """404 is an answer, and no error."""
    google.get(URL, status=404, json=no("NOT_FOUND"))
    assert cloud.service(KEY) is None


@pytest.mark.parametrize("code", [502, 503])
def test_a_page_of_a_proxy_is_no_answer(google: responses.RequestsMock, cloud: CloudRun, code: int) -> None:
    """HTML where JSON should be: the platform is away, whatever the page says."""
    google.get(URL, status=code, body="<html>Bad Gateway</html>")
    with pytest.raises(Unreachable):
        cloud.service(KEY)


@pytest.mark.parametrize("trouble", [requests.ConnectionError("refused"), requests.ReadTimeout("slow")])
def test_no_answer_at_all_is_unreachable(
    google: responses.RequestsMock, cloud: CloudRun, trouble: Exception
) -> None:
    """Over REST a dead server arrives as a bare error of requests; it gets its words and exit 69."""
    google.get(URL, body=trouble)
    with pytest.raises(Unreachable, match="Cloud Run does not answer") as raised:
        cloud.service(KEY)
    assert raised.value.code == 69


def test_a_write_is_sent_once(google: responses.RequestsMock, cloud: CloudRun) -> None:
    """Nothing that changes the world is retried blindly, by relman or by the client."""
    google.patch(URL, status=503, json=no("UNAVAILABLE"))
    with pytest.raises(Unreachable):
        cloud.update(KEY, etag='"e"', body={"traffic": [], "annotations": {}})
    assert len(google.calls) == 1
    query = google.calls[0].request.url or ""
    assert "updateMask=annotations%2Ctraffic" in query


def test_the_mask_and_the_etag_go_out_with_the_write(google: responses.RequestsMock, cloud: CloudRun) -> None:
    """Exactly the fields of the body are masked, and the etag fences at the server."""
    google.patch(URL, json={"name": "projects/acme/locations/europe-west1/operations/1", "done": True})
    cloud.update(KEY, etag='"as-read"', body={"annotations": {"team/owner": "li"}})
    request = google.calls[0].request
    assert "updateMask=annotations" in (request.url or "")
    assert b"as-read" in (request.body if isinstance(request.body, bytes) else str(request.body).encode())
