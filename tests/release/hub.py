"""A GitHub of one repository, as far as relman speaks with it: real HTTP, on a free port.

What it is not: GitHub. It keeps what it is told, asks for the token, and fails as it is told to.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.release.shop import Shop

TOKEN = "ghp_sesame"
REPOSITORY = "acme/shop"


class Hub:
    """What GitHub knows.

    Attributes:
        remote: The bare repository that stands for GitHub's own copy.
        token: The one that it takes.
        releases: The releases by their tag, as they were sent.
        deployments: The deployments, as they were sent, each with its ``states``.
        failing: Statuses that the next POSTs are answered with, first come first served.
        away: Whether every request is answered with 503.
        losing: Whether the next POST is carried out and not answered.
    """

    def __init__(self, remote: Path) -> None:
        """Empty, and well."""
        self.remote, self.token = remote, TOKEN
        self.releases: dict[str, dict[str, Any]] = {}
        self.deployments: list[dict[str, Any]] = []
        self.failing: list[int] = []
        self.away = self.losing = False
        self.requests: list[str] = []
        self.url = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and content for a request."""
        parts = urlsplit(path)
        place, query = parts.path.removeprefix(f"/repos/{REPOSITORY}/"), parse_qs(parts.query)
        return self.asked(place, query) if method == "GET" else self.told(place, body)

    def asked(self, place: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """What is there."""
        if match := re.fullmatch(r"git/ref/tags/(.+)", place):
            found = self._tag(match[1])
            return (200, {"object": found}) if found else (404, {"message": "Not Found"})
        if match := re.fullmatch(r"git/tags/([0-9a-f]{40})", place):
            return 200, {
                "object": {"sha": self._git("rev-parse", f"{match[1]}^{{commit}}"), "type": "commit"}
            }
        if match := re.fullmatch(r"releases/tags/(.+)", place):
            found = self.releases.get(match[1])
            page = f"https://github.com/{REPOSITORY}/releases/{match[1]}"
            return (200, {**found, "html_url": page}) if found else (404, {"message": "Not Found"})
        if place == "deployments":
            wanted = (query["sha"][0], query["environment"][0])
            return 200, [one for one in self.deployments if (one["ref"], one["environment"]) == wanted]
        if match := re.fullmatch(r"deployments/(\d+)/statuses", place):
            return 200, [{"state": one["state"]} for one in self.deployments[int(match[1])]["states"][::-1]][
                :1
            ]
        return 404, {"message": "Not Found"}

    def told(self, place: str, body: dict[str, Any]) -> tuple[int, Any]:
        """What is sent is kept."""
        if place == "releases":
            if body["tag_name"] in self.releases:
                return 422, {"message": "Validation Failed", "errors": [{"code": "already_exists"}]}
            self.releases[body["tag_name"]] = body
            return 201, body
        if place == "deployments":
            self.deployments.append({**body, "id": len(self.deployments), "states": []})
            return 201, self.deployments[-1]
        if match := re.fullmatch(r"deployments/(\d+)/statuses", place):
            self.deployments[int(match[1])]["states"].append(body)
            return 201, body
        return 404, {"message": "Not Found"}

    @property
    def states(self) -> list[tuple[str, str]]:
        """Which revision was told to be in which state, in order."""
        return [
            (one["payload"]["relman"]["revision"], told["state"])
            for one in self.deployments
            for told in one["states"]
        ]

    def _tag(self, name: str) -> dict[str, str] | None:
        rows = self._git("for-each-ref", "--format=%(objectname) %(objecttype)", f"refs/tags/{name}")
        return dict(zip(("sha", "type"), rows.split(), strict=True)) if rows else None

    def _git(self, *words: str) -> str:
        return Shop(self.remote, "", "").git(*words)


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self._answer("GET", {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer("POST", body)

    def _answer(self, method: str, body: dict[str, Any]) -> None:
        hub = self.hub
        hub.requests.append(f"{method} {self.path}")
        if hub.away:
            return self._send(503, {"message": "we are sorry"})
        if self.headers.get("Authorization") != f"Bearer {hub.token}":
            return self._send(401, {"message": "Bad credentials"})
        if method == "POST" and hub.failing:
            return self._send(hub.failing.pop(0), {"message": "no"})
        status, content = hub.answer(method, self.path, body)
        if method == "POST" and hub.losing:
            hub.losing, self.close_connection = False, True
            return None
        return self._send(status, content)

    def _send(self, status: int, content: Any) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


@contextmanager
def served(remote: Path) -> Iterator[Hub]:
    """A hub that answers until the block ends."""
    hub = Hub(remote)
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
