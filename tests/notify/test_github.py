"""GitHub's REST API as a release speaks it: requests, refusals, and where the token goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from relman.errors import NotAuthenticated, Refused, RelmanError, Unreachable
from relman.notify.github import LONGEST_BODY, GitHub, Place, place, token
from relman.remote import Remote

API = "https://api.github.com/repos/acme/api"
COMMIT = "c" * 40
TOKEN = "ghp_sesame"


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    """What GitHub answers; a request that nobody foresaw fails, and so does one that never came."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def hub(answers: responses.RequestsMock) -> Iterator[GitHub]:
    """What is tested."""
    assert answers is not None
    opened = GitHub(Place("https://api.github.com", "acme/api"), TOKEN)
    yield opened
    opened.close()


def sent(answers: responses.RequestsMock, at: int = -1) -> dict[str, Any]:
    """The body of a request."""
    found: dict[str, Any] = json.loads(answers.calls[at].request.body or b"{}")
    return found


# ── where GitHub is, and who asks ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "api", "repository", "expected"),
    [
        ("git@github.com:acme/api.git", "", "", Place("https://api.github.com", "acme/api")),
        ("https://acme.ghe.com/acme/api", "", "", Place("https://api.acme.ghe.com", "acme/api")),
        ("https://git.acme.example/a/api", "", "", Place("https://git.acme.example/api/v3", "a/api")),
        ("https://git.acme.example/a/b/api", "", "", None),
        ("/srv/git/api.git", "", "", None),
        ("/srv/git/api.git", "", "acme/api", None),
        (
            "/srv/git/api.git",
            "https://api.github.com",
            "acme/api",
            Place("https://api.github.com", "acme/api"),
        ),
        ("git@mirror.example:x/y.git", "https://api.github.com", "", Place("https://api.github.com", "x/y")),
    ],
)
def test_the_remote_tells_where_github_is(
    url: str, api: str, repository: str, expected: Place | None
) -> None:
    """Of github.com, Enterprise Cloud and Enterprise Server; what a person says goes before."""
    assert place(Remote.read(url), api=api, repository=repository) == expected


@pytest.mark.parametrize(
    ("api", "environ", "expected"),
    [
        ("https://api.github.com", {"GH_TOKEN": "a", "GITHUB_TOKEN": "b"}, "a"),
        ("https://api.github.com", {"GITHUB_TOKEN": " b\n"}, "b"),
        ("https://api.github.com", {"GH_ENTERPRISE_TOKEN": "e"}, None),
        ("https://api.github.com", {"GH_TOKEN": "two words"}, None),
        ("https://api.acme.ghe.com", {"GH_TOKEN": "a"}, "a"),
        ("https://git.acme.example/api/v3", {"GH_TOKEN": "a"}, None),
        ("https://git.acme.example/api/v3", {"GH_TOKEN": "a", "GITHUB_ENTERPRISE_TOKEN": "e"}, "e"),
        (
            "https://git.acme.example/api/v3",
            {"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://git.acme.example"},
            "b",
        ),
        (
            "https://git.acme.example/api/v3",
            {"GITHUB_TOKEN": "b", "GITHUB_SERVER_URL": "https://github.com"},
            None,
        ),
    ],
)
def test_a_token_goes_only_where_it_is_for(api: str, environ: dict[str, str], expected: str | None) -> None:
    """One for github.com is not shown to another host because a remote names it."""
    where = Place(api, "acme/api")
    if expected is None:
        with pytest.raises(NotAuthenticated) as raised:
            token(where, environ)
        assert "export G" in raised.value.clears
    else:
        assert token(where, environ) == expected


def test_the_token_is_sent_whatever_netrc_says(
    answers: responses.RequestsMock, hub: GitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A login in ~/.netrc, which requests would prefer, does not take its place."""
    (tmp_path / ".netrc").write_text("machine api.github.com login li password hunter2\n", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    answers.get(f"{API}/releases/tags/v1.2.0", status=404, json={"message": "Not Found"})
    assert hub.release("v1.2.0") == ""
    headers = answers.calls[0].request.headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"


def test_a_repository_that_was_renamed_is_followed_on_its_host_only(
    answers: responses.RequestsMock, hub: GitHub
) -> None:
    """A redirect keeps the method and the body; one to another host is not followed, with no token sent."""
    moved = "https://api.github.com/repositories/7/releases"
    answers.post(f"{API}/releases", status=307, headers={"Location": moved})
    answers.post(moved, status=201, json={})
    hub.publish("v1.2.0", title="api 1.2.0", body="", prerelease=False)
    assert sent(answers)["tag_name"] == "v1.2.0"
    answers.get(f"{API}/releases/tags/v1.2.0", status=302, headers={"Location": "https://evil.example/"})
    with pytest.raises(Refused, match="sends elsewhere"):
        hub.release("v1.2.0")


# ── releases ─────────────────────────────────────────────────────────────────────────────────────


def test_a_release_is_published_of_the_tag_that_is_there(
    answers: responses.RequestsMock, hub: GitHub
) -> None:
    """No draft; a hotfix of an older line is not made the latest; a pre-release is one."""
    answers.post(f"{API}/releases", status=201, json={})
    hub.publish("v1.2.0", title="api 1.2.0", body="notes", prerelease=False)
    assert sent(answers) == {
        "tag_name": "v1.2.0",
        "name": "api 1.2.0",
        "body": "notes",
        "prerelease": False,
        "make_latest": "legacy",
    }
    hub.publish("v2.0.0-rc.1", title="api 2.0.0-rc.1", body="x" * 200_000, prerelease=True)
    assert (sent(answers)["prerelease"], sent(answers)["make_latest"]) == (True, "false")
    assert len(sent(answers)["body"]) == LONGEST_BODY


def test_a_tag_is_followed_to_its_commit(answers: responses.RequestsMock, hub: GitHub) -> None:
    """An annotated one is peeled, a lightweight one is its commit, and none is none."""
    ref, object_ = f"{API}/git/ref/tags", f"{API}/git/tags"
    answers.get(f"{ref}/v1", json={"object": {"type": "tag", "sha": "t"}})
    answers.get(f"{object_}/t", json={"object": {"type": "commit", "sha": COMMIT}})
    answers.get(f"{ref}/v2", json={"object": {"type": "commit", "sha": COMMIT}})
    answers.get(f"{ref}/v3", status=404, json={"message": "Not Found"})
    assert [hub.tag(name) for name in ("v1", "v2", "v3")] == [COMMIT, COMMIT, ""]


# ── deployments ──────────────────────────────────────────────────────────────────────────────────


def test_a_deployment_is_known_by_its_revision(answers: responses.RequestsMock, hub: GitHub) -> None:
    """Others of the same commit, of other programs too, are not taken for it."""
    others = [
        {"id": 1, "payload": ""},
        {"id": 2, "payload": {}},
        {"id": 3, "payload": {"relman": {"revision": "a"}}},
    ]
    ours = {"id": 4, "payload": {"relman": {"revision": "b"}}}
    answers.get(f"{API}/deployments", json=[*others, ours])
    assert hub.deployment(COMMIT, "production", "b") == 4
    assert hub.deployment(COMMIT, "production", "c") is None
    asked = answers.calls[0].request.params  # type: ignore[attr-defined]  # responses adds it
    assert (asked["sha"], asked["environment"], asked["task"]) == (COMMIT, "production", "deploy")


def test_a_deployment_is_recorded_as_it_was(answers: responses.RequestsMock, hub: GitHub) -> None:
    """Nothing is merged and no check is waited for: it happened."""
    answers.post(f"{API}/deployments", status=201, json={"id": 7})
    answers.post(f"{API}/deployments/7/statuses", status=201, json={})
    made = hub.deploy(COMMIT, "production", "api-v1", production=True)
    body = sent(answers)
    assert (body["ref"], body["auto_merge"], body["required_contexts"]) == (COMMIT, False, [])
    assert (body["environment"], body["production_environment"]) == ("production", True)
    hub.tell(made, "success", text="w" * 200, log="https://log.example/", url="")
    told = sent(answers)
    assert (told["state"], told["log_url"]) == ("success", "https://log.example/")
    assert len(told["description"]) == 140
    assert "environment_url" not in told


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((500, {}), Unreachable, "trouble of its own"),
        ((503, {}), Unreachable, "trouble of its own"),
        ((429, {"retry-after": "1"}), Unreachable, "asks to wait"),
        ((403, {"retry-after": "60"}), Refused, "rate limit, for 60 s"),
        ((403, {"x-ratelimit-remaining": "0"}), Refused, "asks to wait"),
        ((429, {}), Refused, "asks to wait"),
        ((401, {}), NotAuthenticated, "does not take the token"),
        ((403, {}), Refused, "may not do this"),
        ((404, {}), Refused, "no acme/api"),
        ((422, {}), Refused, "no ref found"),
    ],
)
def test_what_passes_is_told_from_what_a_person_must_mend(
    answers: responses.RequestsMock,
    hub: GitHub,
    answer: tuple[int, dict[str, str]],
    kind: type[RelmanError],
    words: str,
) -> None:
    """5xx and short limits are looked at again; the rest says what GitHub said, without the token."""
    body = {"message": f"no ref found for {TOKEN}", "errors": [{"field": "ref", "code": "missing"}, "x"]}
    answers.post(f"{API}/deployments", status=answer[0], headers=answer[1], json=body)
    with pytest.raises(kind) as raised:
        hub.deploy(COMMIT, "production", "api-v1", production=True)
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_no_answer_and_no_json_are_no_crash(answers: responses.RequestsMock, hub: GitHub) -> None:
    """A proxy's page, a connection that breaks, an error without a body."""
    answers.get(f"{API}/releases/tags/v1", body="<html>")
    answers.get(f"{API}/releases/tags/v2", body=requests.ConnectionError(f"Bearer {TOKEN}"))
    answers.get(f"{API}/releases/tags/v3", status=418, body="[]")
    for name in ("v1", "v2"):
        with pytest.raises(Unreachable) as away:
            hub.release(name)
        assert TOKEN not in str(away.value)
    with pytest.raises(Refused, match="HTTP 418"):
        hub.release("v3")
