"""What a rollback costs, side by side: ``python -m benchmarks.rollback``.

What it is not: a rehearsal on Google. The platform is the embedded one, so what is measured is the tool.

In turns on one platform, all from the newer release to the older one, which is kept warm by its tag:
relman's console command and its Invoke task, with all that they prove; ``gcloud run services
update-traffic``, where it is installed; and a bare Python process that sends one PATCH, the floor. Not
measured: the way forward again in between. A user who asks all the while tells when the older answers.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.interleaved import cost, turns
from relman.demo.stage import Stage, built

ROOT = Path(__file__).resolve().parents[1]
NAME = "projects/acme/locations/europe-west1/services/hello"
PATCH = """\
import http.client, sys
host, path, body = sys.argv[1:]
connection = http.client.HTTPConnection(host)
connection.request("PATCH", path, body, {"Content-Type": "application/json"})
sys.exit(connection.getresponse().status != 200)
"""
FLOOR, START = "one PATCH by a bare Python process", "interpreter and Invoke (relman --list)"
CONSOLE, TASK, GCLOUD = (
    "relman release.rollback",
    "inv release.rollback",
    "gcloud run services update-traffic",
)


class Turn(NamedTuple):
    """One contestant's turn.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of CPU.
        calls: Requests to the platform's APIs.
        back: Seconds until a user was answered by the older release.
    """

    wall: float
    cpu: float
    calls: float
    back: float


class Shop(NamedTuple):
    """A service with two releases, the newer of which serves.

    Attributes:
        host: Where the platform's APIs are.
        url: Where users ask.
        older: The revision that a rollback goes to.
        newer: The revision that it leaves.
    """

    stage: Stage
    host: str
    url: str
    older: str
    newer: str

    def turn(self, command: Sequence[str], environ: Mapping[str, str]) -> Turn:
        """Forward again, unmeasured; then one way back, with a user meanwhile."""
        self.forward()
        before, began, seen = self.requests(), time.perf_counter(), [0.0]
        user = Thread(target=lambda: seen.append(self.wait_for(self.older) - began))
        user.start()
        took = cost(command, self.stage.repository, environ)
        user.join()
        return Turn(*took, self.requests() - before, seen[-1])

    def idle(self, command: Sequence[str]) -> Turn:
        """A command that moves nothing."""
        return Turn(*cost(command, self.stage.repository, self.stage.environ), 0, 0)

    def forward(self) -> None:
        """All traffic to the newer release; the tags stay, and with them the older one's instance."""
        traffic = [target | {"percent": 0} for target in self.api("GET", f"/v2/{NAME}")["traffic"]]
        begun = self.api("PATCH", f"/v2/{NAME}?updateMask=traffic", self.all_to(self.newer, traffic))
        self.api("POST", f"/v2/{begun['name']}:wait", {})
        self.wait_for(self.newer)

    def all_to(self, revision: str, others: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        """The body of a write that shifts all traffic."""
        whole = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100}
        return {"name": NAME, "traffic": [whole, *(one for one in others if one.get("tag"))]}

    def patch(self) -> list[str]:
        """The floor's command."""
        body = json.dumps(self.all_to(self.older))
        return [sys.executable, "-c", PATCH, self.host, f"/v2/{NAME}?updateMask=traffic", body]

    def requests(self) -> int:
        """How many requests the APIs have had."""
        return int(self.api("GET", "/status")["requests"])

    def api(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request to the platform."""
        body = None if content is None else json.dumps(content)
        status, found = _sent(self.host, method, path, body)
        assert status == 200, found  # noqa: PLR2004, S101 - a refused write measures nothing
        return dict(json.loads(found))

    def wait_for(self, revision: str) -> float:
        """Ask until ``revision`` answers; when that was."""
        while _asked(self.url) != revision:
            time.sleep(0.005)
        return time.perf_counter()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    rounds = parser.parse_args().rounds
    with built(os.environ | {"PYTHONPATH": str(ROOT)}) as stage:
        found = turns(contestants(opened(stage)), rounds)
    told({name: Turn(*map(median, zip(*each, strict=True))) for name, each in found.items()}, rounds)


def contestants(shop: Shop) -> dict[str, Callable[[], Turn]]:
    """Who takes part; gcloud only where it is."""
    environ = dict(shop.stage.environ)
    relman, invoke = ([sys.executable, "-m", one] for one in ("relman", "invoke"))
    found: dict[str, Callable[[], Turn]] = {
        FLOOR: lambda: shop.turn(shop.patch(), environ),
        START: lambda: shop.idle([*relman, "--list"]),
        CONSOLE: lambda: shop.turn([*relman, "release.rollback"], environ),
        TASK: lambda: shop.turn([*invoke, "release.rollback"], environ),
    }
    if shutil.which("gcloud"):
        flags = ["--project", "acme", "--region", "europe-west1", "--to-revisions", f"{shop.older}=100"]
        command, exports = [*GCLOUD.split(), "hello", *flags], environ | exported(shop)
        found[GCLOUD] = lambda: shop.turn(command, exports)
    return found


def exported(shop: Shop) -> dict[str, str]:
    """What points gcloud at the platform, and keeps it out of the user's own configuration."""
    state = str(shop.api("GET", "/status")["state"])
    command = [sys.executable, "-m", "relman.embedded", "env", "--gcloud", "--state", state]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    words = [shlex.split(line)[1] for line in lines if line.startswith("export ")]
    return dict(word.split("=", 1) for word in words) | {"CLOUDSDK_CONFIG": f"{state}/gcloud"}


def opened(stage: Stage) -> Shop:
    """Two releases, quickly; a rollback that does not watch on, as gcloud does not."""
    config = stage.repository / "relman.toml"
    text = config.read_text("utf-8").replace('bake = "4s"', 'bake = "100ms"')
    config.write_text(text.replace("[platform]", '[platform]\ndoubt = "0s"'), "utf-8")
    (stage.repository / "tasks.py").write_text("from relman.tasks import ns\n", "utf-8")
    older, newer = released(stage, "feat: open"), released(stage, "feat: sell more")
    url = json.loads(stage.ask("release.status --json"))["uri"]
    return Shop(stage, stage.environ["CLOUD_RUN_EMULATOR_HOST"], url, older, newer)


def released(stage: Stage, subject: str) -> str:
    """Commit something and release it; the revision that serves then."""
    (stage.repository / "subject").write_text(subject, "utf-8")
    stage.commit(subject)
    stage.ask("release.cut")
    return str(json.loads(stage.ask("release.status --json"))["traffic"][0]["revision"])


def told(found: Mapping[str, Turn], rounds: int) -> None:
    """Print what was measured, and the ratios."""
    print(f"{'':40} {'wall':>8} {'CPU':>8} {'calls':>6} {'user back':>10}")
    for name, took in found.items():
        back = f"{took.back * 1000:7.0f} ms" if took.back else ""
        print(f"{name:40} {took.wall * 1000:5.0f} ms {took.cpu * 1000:5.0f} ms {took.calls:6.0f} {back:>10}")
    least = found[FLOOR].wall + found[START].wall
    for name in (CONSOLE, TASK):
        print(f"{name}: {found[name].wall / least:.2f} of PATCH + interpreter and Invoke", end="")
        print(f", {found[name].wall / found[GCLOUD].wall:.2f} of gcloud" if GCLOUD in found else "")
    print(f"medians of {rounds} rounds")


def _asked(url: str) -> str:
    """Which revision answers."""
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("GET", "/version")
        answer = connection.getresponse()
        answer.read()
        return str(answer.headers["x-revision"])
    finally:
        connection.close()


def _sent(host: str, method: str, path: str, body: str | None) -> tuple[int, bytes]:
    connection = HTTPConnection(host)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
