"""A platform whose clock the tests move, and Google's own monitoring client for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import grpc
import requests
from google.cloud import monitoring_v3

from tests.embedded import world
from tests.embedded.world import World, until

NOON = 1_800_000_000
"""A full minute, which is not now."""
COUNT = "run.googleapis.com/request_count"
LATENCIES = "run.googleapis.com/request_latencies"


class Timed(World):
    """It begins at noon, and time goes on by itself besides."""

    def __init__(self, state: Path, like: World) -> None:
        """Start it with another's images."""
        shutil.copytree(like.state / "images", state / "images")
        begun = world.command("up", "--state", state, "--port", world.free_port(), "--monitoring-lag", "0s")
        assert begun.returncode == 0, begun.stderr
        super().__init__(state, begun.stdout.strip(), like.repository)
        self.image = like.image
        transport: Any = monitoring_v3.MetricServiceClient.get_transport_class("grpc")
        self._channel = grpc.insecure_channel(self.endpoint.removeprefix("http://"))
        self.metrics = monitoring_v3.MetricServiceClient(transport=transport(channel=self._channel))
        self._ahead, self._lies = 0.0, 0
        self.set_clock(NOON)

    def set_clock(self, seconds: float) -> None:
        """Let it be so many seconds after the epoch; it goes on from there."""
        self._ahead = seconds - time.time()
        self._lies += 1
        lie = {"kind": "clock", "name": f"lie-{self._lies}", "offset": self._ahead}
        told = requests.post(f"{self.endpoint}/faults", json=lie, timeout=5)
        assert told.status_code == 200, told.text
        if self._lies > 1:
            requests.delete(f"{self.endpoint}/faults/lie-{self._lies - 1}", timeout=5).raise_for_status()
        self.figures(0, 1)  # with this call, the data plane hears the time

    def next_minute(self) -> int:
        """Let a minute begin."""
        begin = int((time.time() + self._ahead) // 60 + 1) * 60
        self.set_clock(begin)
        return begin

    def kill(self) -> None:
        """Kill the control plane."""
        pid = self.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}").exists())

    def start(self) -> None:
        """Start the control plane again."""
        begun = world.command("up", "--state", self.state)
        assert begun.returncode == 0, begun.stderr

    def end_data_plane(self) -> int:
        """Kill that; the number that it had."""
        pid = self._data_plane()
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_data_plane(self) -> None:
        """Kill that, and wait until another serves."""
        pid = self.end_data_plane()
        until(lambda: self._data_plane() not in {0, pid})
        until(lambda: self.status()["settled"])

    def figures(
        self, begin: int, end: int, what: str = COUNT, **asked: Any
    ) -> list[monitoring_v3.TimeSeries]:
        """The series of an interval."""
        request = {
            "name": "projects/p1",
            "filter": f'metric.type = "{what}"' + asked.pop("where", ""),
            "interval": {"start_time": {"seconds": begin}, "end_time": {"seconds": end}},
        }
        return list(self.metrics.list_time_series(request | asked))

    def counts(self, begin: int, end: int, where: str = "") -> Counter[tuple[str, str]]:
        """Requests by revision and response code."""
        found: Counter[tuple[str, str]] = Counter()
        for one in self.figures(begin, end, where=where):
            key = one.resource.labels["revision_name"], one.metric.labels["response_code"]
            found[key] += sum(point.value.int64_value for point in one.points)
        return found

    def collected(self) -> int:
        """How many requests of the last hour the platform has kept, of open minutes too."""
        return sum(one["requests"] for service in self.status()["services"] for one in service["revisions"])

    def close(self) -> None:
        """Stop it."""
        stopped = world.command("down", "--state", self.state)
        self._channel.close()
        super().close()
        assert stopped.returncode == 0

    def _data_plane(self) -> int:
        """Its process, by the folder that it runs in; 0 if there is none."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes()
                if b"relman.embedded.dataplane" in words and (folder / "cwd").resolve() == self.state:
                    return int(folder.name)
        return 0


class Client:
    """One keep-alive connection to a service."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet."""
        self.met: Counter[tuple[str, str]] = Counter()
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=10)

    def ask(self, path: str = "/") -> None:
        """Ask once, and count who answered and how."""
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        self.met[json.loads(answer.read())["K_REVISION"], str(answer.status)] += 1

    def close(self) -> None:
        """Close it."""
        self._connection.close()
