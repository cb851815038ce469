"""GitHub's REST API, as far as a release needs it: tags, releases, deployments.

What it is not: a retry. What may pass by itself is :class:`Unreachable`, and the engine looks again; what
will not is :class:`Refused` or :class:`NotAuthenticated`, with what a person types.

The token comes from the environment, goes into one header over TLS to the host that it is for, and
stands nowhere else. Redirects (a repository that was renamed) are followed on that host only.

Source: https://docs.github.com/en/rest?apiVersion=2022-11-28
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from msgspec import Struct

from relman.errors import NotAuthenticated, Refused, RelmanError, Unreachable
from relman.remote import Remote

if TYPE_CHECKING:
    import requests

VERSION = "2022-11-28"
HOST = "github.com"
CLOUD = ".ghe.com"
"""The end of the hosts of GitHub Enterprise Cloud with data residency."""
SECONDS = 10.0
HOPS = 3
MOVED = {301, 302, 307, 308}
NOT_IN = 401
FORBIDDEN = 403
MISSING = 404
TOO_MANY = 429
SERVER_ERROR = 500
ERROR = 400
BRIEF = 140
"""How many characters a description may have."""
LONGEST_BODY = 125_000
"""How many characters the text of a release may have."""
SHORT_WAIT = 2.0
"""Up to so many seconds of a rate limit are waited for."""


class Place(Struct, frozen=True):
    """A repository on GitHub.

    Attributes:
        api: Where the REST API answers.
        repository: ``owner/name``.
    """

    api: str
    repository: str

    @property
    def host(self) -> str:
        """The host, as people know it."""
        host = urlsplit(self.api).netloc
        return host.removeprefix("api.") if host == f"api.{HOST}" or host.endswith(CLOUD) else host


def place(remote: Remote | None, *, api: str = "", repository: str = "") -> Place | None:
    """Where GitHub keeps a repository; None if neither the remote nor the person tells.

    Any host but github.com and those of Enterprise Cloud is taken for an Enterprise Server.

    Args:
        remote: As its address says.
        api: As relman.toml says, empty for nothing.
        repository: The same.
    """
    named = repository or (remote.path if remote and remote.path.count("/") == 1 else "")
    if not named or not (api or remote):
        return None
    return Place(api or _api(remote.host if remote else HOST), named)


def _api(host: str) -> str:
    cloud = host == HOST or host.endswith(CLOUD)
    return f"https://api.{host}" if cloud else f"https://{host}/api/v3"


def token(where: Place, environ: Mapping[str, str]) -> str:
    """The token for a host, by the rules of GitHub's own command (``gh help environment``).

    A token for github.com is not sent elsewhere, unless GitHub Actions of that very host gave it, or it is
    this machine.

    Raises:
        NotAuthenticated: There is none.
    """
    cloud, server = ("GH_TOKEN", "GITHUB_TOKEN"), ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
    actions = urlsplit(environ.get("GITHUB_SERVER_URL", "")).netloc == where.host
    plain = where.host == HOST or where.host.endswith(CLOUD) or where.api.startswith("http://")
    names = cloud if plain else (*server, *(cloud if actions else ()))
    found = next((environ[name].strip() for name in names if environ.get(name, "").strip()), "")
    if not found or len(found.split()) != 1:
        raise NotAuthenticated(
            f"no token for {where.host}",
            fact=f"{' and '.join(names[:2])} are not set" if not found else "what is set is no token",
            clears=f"export {names[0]}=…, then inv release.resume",
        )
    return found


class GitHub:
    """One repository on GitHub, seen with one token."""

    def __init__(self, where: Place, secret: str) -> None:
        """Nothing is sent yet."""
        import requests

        self.place, self._secret = where, secret
        self._session = requests.Session()
        self._session.auth = _Bearer(secret)  # a header alone would give way to one from ~/.netrc
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": VERSION,
                "User-Agent": "relman",
            }
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    # ── tags and releases ────────────────────────────────────────────────────────────────────

    def tag(self, name: str) -> str:
        """The full hash of the commit that a tag leads to on GitHub; empty if there is no such tag."""
        ref = self._ask(f"git/ref/tags/{quote(name)}")
        if ref is None:
            return ""
        found = ref["object"]
        return str(found["sha"] if found["type"] == "commit" else self._peeled(found["sha"]))

    def _peeled(self, object_: str) -> str:
        tag = self._ask(f"git/tags/{object_}") or {"object": {"sha": ""}}
        return str(tag["object"]["sha"])

    def release(self, tag: str) -> str:
        """Where people read the release of a tag; empty if there is none."""
        found = self._ask(f"releases/tags/{quote(tag, safe='')}")
        return str(found["html_url"]) if found else ""

    def publish(self, tag: str, *, title: str, body: str, prerelease: bool) -> None:
        """Publish a release of a tag that is there.

        ``legacy`` leaves GitHub to find the latest by version: a hotfix of an older line is none.
        """
        content = body if len(body) <= LONGEST_BODY else f"{body[: LONGEST_BODY - 2]}\n…"
        fields = {"tag_name": tag, "name": title, "body": content, "prerelease": prerelease}
        self._send("releases", {**fields, "make_latest": "false" if prerelease else "legacy"})

    # ── deployments ──────────────────────────────────────────────────────────────────────────

    def deployment(self, commit: str, environment: str, revision: str) -> int | None:
        """The deployment of a revision, None if there is none."""
        query = f"sha={commit}&environment={quote(environment)}&task=deploy&per_page=100"
        found = self._ask(f"deployments?{query}") or []
        return next((int(one["id"]) for one in found if _revision(one) == revision), None)

    def deploy(self, commit: str, environment: str, revision: str, *, production: bool) -> int:
        """Record a deployment of a revision; its number.

        No check of GitHub's is waited for, and nothing is merged: it has been deployed.
        """
        fields: dict[str, Any] = {"ref": commit, "environment": environment, "task": "deploy"}
        fields |= {"auto_merge": False, "required_contexts": [], "production_environment": production}
        made = self._send("deployments", {**fields, "payload": {"relman": {"revision": revision}}})
        return int(made["id"])

    def state(self, deployment: int) -> str:
        """The newest state of a deployment; empty if it has none."""
        found = self._ask(f"deployments/{deployment}/statuses?per_page=1") or []
        return str(found[0]["state"]) if found else ""

    def tell(self, deployment: int, state: str, *, text: str, log: str = "", url: str = "") -> None:
        """Give a deployment a state: ``success``, ``failure``.

        Args:
            deployment: Its number.
            state: As GitHub calls it.
            text: A sentence about it.
            log: Where the run is read.
            url: Where the service answers.
        """
        fields: dict[str, Any] = {"state": state, "description": text[:BRIEF], "auto_inactive": True}
        fields |= {name: value for name, value in {"log_url": log, "environment_url": url}.items() if value}
        self._send(f"deployments/{deployment}/statuses", fields)

    # ── the wire ─────────────────────────────────────────────────────────────────────────────

    def _ask(self, path: str) -> Any:  # noqa: ANN401 - JSON
        answer = self._exchanged("GET", path, None)
        return None if answer.status_code == MISSING else self._content(answer)

    def _send(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._content(self._exchanged("POST", path, body))

    def _exchanged(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
        """One request and its answer, over as many redirects as the host itself makes."""
        url = f"{self.place.api}/repos/{self.place.repository}/{path}"
        for _ in range(HOPS):
            answer = self._answered(method, url, body)
            if answer.status_code not in MOVED:
                return answer
            there = urljoin(url, answer.headers.get("Location", ""))
            if urlsplit(there)[:2] != urlsplit(url)[:2]:
                break
            url = there
        raise Refused(f"{self.place.host} sends elsewhere", fact=f"{self.place.repository} has moved")

    def _answered(self, method: str, url: str, body: dict[str, Any] | None) -> requests.Response:
        import requests

        try:
            return self._session.request(method, url, json=body, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise Unreachable(f"{self.place.host} does not answer", fact=type(error).__name__) from error

    def _content(self, answer: requests.Response) -> Any:  # noqa: ANN401 - JSON
        if answer.status_code >= ERROR:
            raise self._trouble(answer)
        try:
            return answer.json()
        except ValueError as error:
            raise Unreachable(f"{self.place.host} answers with no JSON", fact=_status(answer)) from error

    def _trouble(self, answer: requests.Response) -> RelmanError:
        """What a refusal of GitHub's means for a person."""
        host, status = self.place.host, answer.status_code
        fact = f"{_status(answer)}: {_said(answer)}".replace(self._secret, "***")
        if status >= SERVER_ERROR:
            return Unreachable(f"{host} has a trouble of its own", fact=fact)
        if (wait := _wait(answer)) is not None:
            late = wait > SHORT_WAIT
            kind = Refused if late else Unreachable
            return kind(f"{host} asks to wait", fact=f"its rate limit, for {wait:g} s", clears=AGAIN)
        if status == NOT_IN:
            return NotAuthenticated(f"{host} does not take the token", fact=fact, clears=NEW_TOKEN)
        if status == FORBIDDEN:
            return Refused(f"the token may not do this on {host}", fact=fact, clears=NEW_TOKEN)
        if status == MISSING:
            unseen = f"no {self.place.repository} that the token may write to"
            return Refused(f"{host} knows {unseen}", fact=fact, clears=NEW_TOKEN)
        return Refused(f"{host} refused it", fact=fact, clears=AGAIN)


AGAIN = "inv release.resume"
NEW_TOKEN = "export GH_TOKEN=…, then inv release.resume"  # noqa: S105 - the words, not the token


class _Bearer:
    """Puts the token into a request's header."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._secret}"
        return request


def _revision(deployment: dict[str, Any]) -> str:
    """The revision that a deployment of relman's is about, empty for another's."""
    payload = deployment.get("payload")
    ours = payload.get("relman") if isinstance(payload, dict) else None
    return str(ours.get("revision", "")) if isinstance(ours, dict) else ""


def _status(answer: requests.Response) -> str:
    return f"HTTP {answer.status_code}"


def _said(answer: requests.Response) -> str:
    """What GitHub says of an error: its message, and what is wrong with which field."""
    try:
        body = answer.json()
    except ValueError:
        return answer.reason or "no reason given"
    if not isinstance(body, dict):
        return answer.reason
    errors = [one for one in body.get("errors", ()) if isinstance(one, dict)]
    details = [str(one.get("message") or f"{one.get('field')} {one.get('code')}") for one in errors]
    return "; ".join([str(body.get("message", answer.reason)), *details])


def _wait(answer: requests.Response) -> float | None:
    """How long a rate limit lasts, in seconds; None where it is none.

    Primary limits answer 403 or 429 with ``x-ratelimit-remaining: 0``, secondary ones with
    ``retry-after`` (docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
    """
    if answer.status_code not in {FORBIDDEN, TOO_MANY}:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or answer.status_code == TOO_MANY
    return 60.0 if spent else None
