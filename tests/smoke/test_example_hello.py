"""The example service as what relman ships: it starts at once, tells its revision, ends properly."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from relman.clock import system
from relman.smoke import Report, load, run

from .servers import HELLO, Hello

Start = Callable[[Path, str], Hello]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(HELLO, tmp_path / "hello"))


def smoke(folder: Path, hello: Hello, revision: str) -> Report:
    """The example's own checks, as a release asks them."""
    values = {"release.revision": revision, "release.version": "1.0.0"}
    return run(load(folder / "smoke" / "hello.toml"), hello.url, values=values, clock=system())


def test_its_own_smoke_checks_pass(start_hello: Start) -> None:
    """All four, and the latency with them."""
    report = smoke(HELLO, start_hello(HELLO, "hello-v1"), "hello-v1")
    assert report.passed, report.summary
    assert report.summary.startswith("4 checks, p95 ")


def test_its_smoke_checks_tell_another_revision(start_hello: Start) -> None:
    """Where the URL leads to the wrong revision, two checks say so."""
    report = smoke(HELLO, start_hello(HELLO, "hello-v1"), "hello-v2")
    assert len(report.failures) == 2
    assert 'got "hello-v1"' in report.failures[1].fact


def test_every_answer_names_the_revision(start_hello: Start) -> None:
    """Of each path, and of what is not there, for HEAD as for GET, over one kept connection."""
    hello = start_hello(HELLO, "hello-v1")
    with requests.Session() as session:
        for path, status in {
            "/": 200,
            "/healthz": 200,
            "/version": 200,
            "/v1/items": 200,
            "/no": 404,
        }.items():
            for method in ("GET", "HEAD"):
                answer = session.request(method, hello.url + path, timeout=5)
                assert (answer.status_code, answer.headers["X-Revision"]) == (status, "hello-v1")
                assert bool(answer.content) == (method == "GET")
        assert session.get(f"{hello.url}/version", timeout=5).json() == {
            "service": "hello",
            "revision": "hello-v1",
        }


def test_a_commit_can_change_and_break_what_it_sells(folder: Path, start_hello: Start) -> None:
    """With broken items it starts and is healthy all the same, so that only smoke can find it."""
    items = json.loads((folder / "items.json").read_text(encoding="utf-8"))
    hello = start_hello(folder, "hello-v1")
    items.append({"id": "it_004", "name": "Spoon", "cents": 300})
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    assert "Spoon: 3.00" in requests.get(hello.url, timeout=5).text
    items[-1]["cents"] = "much"
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    assert requests.get(f"{hello.url}/healthz", timeout=5).ok
    report = smoke(folder, hello, "hello-v1")
    broken = next(one for one in report.failures if one.name == "items can be listed")
    assert broken.fact.startswith("status: expected 200, got 500")


def test_it_starts_in_a_fifth_of_a_second(start_hello: Start) -> None:
    """Best of three: a demo does not wait for it."""
    assert min(start_hello(HELLO, "hello-v1").seconds for _ in range(3)) < 0.2 * _slowness()


def test_sigterm_lets_the_request_under_way_end(folder: Path, start_hello: Start) -> None:
    """It is answered, then the process ends with 0, although a kept connection is still open."""
    app = (folder / "app.py").read_text(encoding="utf-8")
    slow = app.replace(
        '"/healthz": lambda:', '"/slow": lambda: time.sleep(0.4) or {},\n    "/healthz": lambda:'
    )
    (folder / "app.py").write_text(slow, encoding="utf-8")
    hello = start_hello(folder, "hello-v1")
    with requests.Session() as idle, socket.create_connection(("127.0.0.1", hello.port), timeout=5) as busy:
        assert idle.get(f"{hello.url}/healthz", timeout=5).ok
        busy.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.get(f"{hello.url}/healthz", timeout=5).ok  # the slow one is under way by now
        hello.process.send_signal(signal.SIGTERM)
        assert busy.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert hello.process.wait(5) == 0


def test_its_configuration_is_the_ten_line_one() -> None:
    """Profile solo, and files that are there."""
    text = (HELLO / "relman.toml").read_text(encoding="utf-8")
    said = tomllib.loads(text)
    assert len(text.splitlines()) == 10
    assert said["profile"] == "solo"
    assert (HELLO / said["service"]["hello"]["smoke"]).is_file()
    assert (HELLO / "Procfile").read_text(encoding="utf-8") == "web: python3 app.py\n"


def _slowness() -> float:
    """How much slower than usual this machine starts a Python just now, at least 1."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import http.server"], check=True)
    return max(1.0, (time.monotonic() - began) / 0.1)
