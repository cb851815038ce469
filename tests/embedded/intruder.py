"""A web app that does to other people's files and processes what its path says, and tells how it went."""

import json
import os
import signal
import sys
import types
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import unquote


def stop(number: int, frame: types.FrameType | None) -> None:  # noqa: ARG001 - as signals want it
    """Say good bye on SIGTERM."""
    sys.stdout.write("good bye\n")
    sys.stdout.flush()
    os._exit(7)


def look(path: str) -> list[str]:
    """What is in a file or a folder."""
    place = Path(path)
    return (
        sorted(one.name for one in place.iterdir()) if place.is_dir() else [place.read_text(errors="replace")]
    )


def write(path: str) -> list[str]:
    """Put a file there, and read it."""
    Path(path).write_text("mine")
    return look(path)


def end(pid: str) -> list[str]:
    """Kill a process."""
    os.kill(int(pid), signal.SIGKILL)
    return []


def hoard(megabytes: str) -> list[str]:
    """Take memory, and touch all of it."""
    return [str(len(bytearray(b"x") * (int(megabytes) << 20)))]


def fill(path: str) -> list[str]:
    """Write two MiB."""
    Path(path).write_bytes(bytes(2 << 20))
    return []


DEEDS = {"fill": fill, "look": look, "write": write, "end": end, "hoard": hoard}


class Page(BaseHTTPRequestHandler):
    """One deed, as in /look//etc."""

    def do_GET(self) -> None:
        """Do it."""
        deed, _, what = unquote(self.path).lstrip("/").partition("/")
        told: dict[str, object] = {"env": dict(os.environ), "cwd": str(Path.cwd())}
        try:
            told["done"] = DEEDS[deed](what) if deed else []
        except OSError as error:
            told["error"] = str(error)
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if os.environ.get("DEAF") != "1":
    signal.signal(signal.SIGTERM, stop)
sys.stdout.write("listening\n")
sys.stdout.flush()
HTTPServer(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()  # noqa: S104 - the container contract
