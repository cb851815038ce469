"""The data plane against nginx and haproxy: the same 90/10 split of the same two backends, one process each.

``python -m benchmarks.dataplane``: wrk with one thread and 16 kept connections meets each in turn, round by
round; throughput is wrk's, CPU per request is what the proxy's process used, by ``/proc``.

What it is not: a measure of the machine. Only the ratios of one run mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.interleaved import turns

LEAST_THROUGHPUT, MOST_CPU = 0.6, 2.0
"""Of nginx's throughput, at least; of haproxy's CPU per request, at most."""
TICK = os.sysconf("SC_CLK_TCK")
STARTED_S = 10.0

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  {servers}
}}
"""
BACKEND = 'server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello from {port}\\n"; }} }}'
SPLIT = """
  upstream both {{
    server 127.0.0.1:{a} weight=9; server 127.0.0.1:{b} weight=1;
    keepalive 32; keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://both; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
  }}
"""
HAPROXY = """
global
  nbthread 1
  maxconn 1024
defaults
  mode http
  option http-keep-alive
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port}
  default_backend both
backend both
  balance roundrobin
  server a 127.0.0.1:{a} weight 90
  server b 127.0.0.1:{b} weight 10
"""


APP = """
import asyncio, httptools, sys
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 6\\r\\n\\r\\nhello\\n"
class App(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.parser = transport, httptools.HttpRequestParser(self)
    def data_received(self, data): self.parser.feed_data(data)
    def on_message_complete(self): self.transport.write(ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(App, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""
"""A backend in Python that does nothing: what an application costs at the very least."""

DATAPLANE = "import sys; {0}from relman.embedded.dataplane.__main__ import main; sys.exit(main())"
LOOPS = {"data plane": DATAPLANE.format("sys.modules['uvloop'] = None; ")}
if find_spec("uvloop"):
    LOOPS["with uvloop"] = DATAPLANE.format("")

UNLIKE = """
local number = 0
request = function() number = number + 1; return wrk.format("GET", "/" .. number) end
"""
"""No request's head is like another's, so none was read before."""


class Proxy(NamedTuple):
    """One contestant: where it listens, and its process."""

    port: int
    pid: int


class Figures(NamedTuple):
    """What one turn gave: requests per second, microseconds of the proxy's CPU per request."""

    throughput: float
    cpu: float


def free() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def running(words: Sequence[object]) -> Iterator[subprocess.Popen[bytes]]:
    """A process for a while."""
    with subprocess.Popen(list(map(str, words)), stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def listens(port: int) -> None:
    """Wait until somebody does."""
    deadline = time.monotonic() + STARTED_S
    while time.monotonic() < deadline:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port} after {STARTED_S:.0f} s")


@contextmanager
def configured(words: Sequence[object], file: Path, text: str, port: int) -> Iterator[Proxy]:
    """A program that listens as its configuration says."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    with running([*words, file]) as process:
        listens(port)
        yield Proxy(port, process.pid)


@contextmanager
def own(program: str, folder: Path, a: int, b: int) -> Iterator[Proxy]:
    """The data plane, told what the platform would tell it."""
    folder.mkdir()
    path = folder / "control"
    fleet = {"concurrency": 80, "patience": 10}
    service = {"name": "s", "host": "s", "port": 0, "split": [["a", 90], ["b", 10]]}
    backends = {"a": fleet | {"ports": [a]}, "b": fleet | {"ports": [b]}}
    with (
        running([sys.executable, "-c", program, "--socket", path]) as process,
        socket.socket(socket.AF_UNIX) as control,
        control.makefile("rb") as lines,
    ):
        while control.connect_ex(str(path)) and process.poll() is None:
            time.sleep(0.01)
        question = {"op": "table", "services": [service | {"backends": backends}]}
        control.sendall(json.dumps(question).encode() + b"\n")
        port = json.loads(lines.readline())["services"]["s"]["port"]
        yield Proxy(port, process.pid)


def cpu_of(pid: int) -> float:
    """Seconds that a process has used, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def turn(proxy: Proxy, seconds: int, script: Sequence[object]) -> Figures:
    """Let wrk meet one proxy.

    Raises:
        RuntimeError: Requests failed; their speed means nothing.
    """
    before = cpu_of(proxy.pid)
    words = ["wrk", "-t1", "-c16", f"-d{seconds}s", *script, f"http://127.0.0.1:{proxy.port}/"]
    said = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True).stdout
    used = cpu_of(proxy.pid) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    requests, rate = _number(r"(\d+) requests in", said), _number(r"Requests/sec:\s+([\d.]+)", said)
    return Figures(rate, used / requests * 1e6)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(text)
    return float(found[1])


@contextmanager
def answering(kind: str, folder: Path, a: int, b: int) -> Iterator[Proxy]:
    """Both backends, in one nginx, or each in a Python of its own."""
    if kind == "nginx":
        servers = "".join(BACKEND.format(port=port) for port in (a, b))
        text = NGINX.format(folder=folder, servers=servers)
        with configured(["nginx", "-c"], folder / "conf", text, a) as both:
            yield both
        return
    with running([sys.executable, "-c", APP, a]) as first, running([sys.executable, "-c", APP, b]):
        listens(a)
        listens(b)
        yield Proxy(a, first.pid)


def measured(arguments: argparse.Namespace) -> dict[str, list[Figures]]:
    """All turns of all contestants."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        a, b, theirs, haproxys = free(), free(), free(), free()
        alone = stack.enter_context(answering(arguments.backends, folder / "back", a, b))
        front = folder / "front"
        split = NGINX.format(folder=front, servers=SPLIT.format(a=a, b=b, port=theirs))
        nginx = configured(["nginx", "-c"], front / "conf", split, theirs)
        said = HAPROXY.format(a=a, b=b, port=haproxys)
        haproxy = configured(["haproxy", "-db", "-f"], folder / "haproxy.cfg", said, haproxys)
        proxies = {
            "backend alone": alone,
            "nginx": stack.enter_context(nginx),
            "haproxy": stack.enter_context(haproxy),
        }
        for name, program in LOOPS.items():
            proxies[name] = stack.enter_context(own(program, folder / name, a, b))
        script = folder / "unlike.lua"
        script.write_text(UNLIKE)
        more = ["-s", script] if arguments.unlike else []
        one_turn = {name: partial(turn, it, arguments.seconds, more) for name, it in proxies.items()}
        return turns(one_turn, arguments.rounds)


def judged(found: dict[str, list[Figures]], name: str) -> bool:
    """Tell how one of ours stands to the others, round by round; whether that is within the aims."""
    ours = found[name]
    throughput = median(one.throughput / it.throughput for one, it in zip(ours, found["nginx"], strict=True))
    cpu = median(one.cpu / it.cpu for one, it in zip(ours, found["haproxy"], strict=True))
    print(f"{name}: throughput, of nginx's, {throughput:.2f} (aim: at least {LEAST_THROUGHPUT}), ", end="")
    print(f"CPU per request, of haproxy's, {cpu:.2f} (aim: at most {MOST_CPU})")
    return throughput >= LEAST_THROUGHPUT and cpu <= MOST_CPU


def main() -> int:
    """Measure and judge.

    Returns:
        0 within the aims, 1 outside of them, 69 where a program is missing.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.dataplane", description=__doc__)
    parser.add_argument("--backends", choices=["nginx", "python"], default="nginx")
    parser.add_argument("--unlike", action="store_true", help="no two requests are the same")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=2)
    arguments = parser.parse_args()
    missing = [name for name in ("wrk", "nginx", "haproxy") if shutil.which(name) is None]
    if missing:
        print(f"needed and not there: {', '.join(missing)}")
        return os.EX_UNAVAILABLE
    found = measured(arguments)
    for name, figures in found.items():
        rate, cpu = (median(column) for column in zip(*figures, strict=True))
        print(f"{name:<14}{rate:>9.0f} requests/s{cpu:>8.1f} µs of CPU per request")
    kept = [judged(found, name) for name in LOOPS]  # all are told
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
