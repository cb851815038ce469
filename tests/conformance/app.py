"""The app of the suite: one page that says what it was started with. Small, because it is started often."""

import json
import os
import signal
import socket
import sys
import threading
import time

MODE = os.environ.get("MODE", "")


def answer(connection: socket.socket) -> None:
    """Answer every request of one connection."""
    with connection:
        while head := request(connection):
            path = head.split(b" ", 2)[1]
            if path == b"/slow":
                time.sleep(3)
            body = json.dumps({"pid": os.getpid(), **os.environ}).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def request(connection: socket.socket) -> bytes:
    """The head of the next request, empty at the end."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return b""
        head += part
    return head


if MODE == "broken":
    sys.exit("broken on purpose")
if MODE == "deaf":
    time.sleep(3600)
if MODE == "stubborn":
    signal.signal(signal.SIGTERM, lambda *_: None)
with socket.create_server(("0.0.0.0", int(os.environ["PORT"])), backlog=128) as server:  # noqa: S104 - the contract
    while True:
        threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
