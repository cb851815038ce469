"""A small web app that the tests release: it says what it was started with, and dies when told to."""

import json
import os
import sys
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

    def do_GET(self) -> None:
        """Answer with the environment."""
        if self.path == "/die":
            os._exit(9)
        if self.path == "/slow":
            time.sleep(1)
        body = json.dumps({"pid": os.getpid(), **os.environ}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many clients at once."""

    request_queue_size = 128


sys.stdout.write("listening\n")
sys.stdout.flush()
Server(("0.0.0.0", int(os.environ["PORT"])), Page).serve_forever()  # noqa: S104 - the container contract
