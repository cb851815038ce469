"""A small web app that the tests release: it says what it was started with, and dies or falls ill if told."""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if os.environ.get("MODE") == "broken":
    sys.exit("broken on purpose")
if os.environ.get("MODE") == "deaf":
    time.sleep(3600)


class Page(BaseHTTPRequestHandler):
    """One page."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet, else each answer waits 40 ms for an acknowledgement

    ill = False

    def do_GET(self) -> None:
        """Answer with the environment."""
        if self.path == "/die":
            os._exit(9)
        if self.path == "/slow":
            time.sleep(1)
        if self.path == "/fall-ill":
            Page.ill = True
        body = json.dumps({"pid": os.getpid(), **os.environ}).encode()
        self.send_response(self.status())
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def status(self) -> int:
        """Not 200 where a health check should not like it, or where the path says so."""
        if self.path.startswith("/answer/"):
            return int(self.path.removeprefix("/answer/"))
        unknown = self.path == "/members" and self.headers["x-member"] != "yes"
        return 403 if unknown else 503 if self.path == "/health" and Page.ill else 200

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many clients at once."""

    request_queue_size = 128


if "LIVES" in os.environ:
    threading.Timer(float(os.environ["LIVES"]), os._exit, [9]).start()

sys.stdout.write("listening\n")
sys.stdout.flush()
Server(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()  # noqa: S104 - the container contract
