"""A user of the service, in the background: asks without pause and counts the answers."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from typing import Self
from urllib.parse import urlsplit

PAUSE_SECONDS = 0.01
PATIENCE_SECONDS = 10.0


class Client:
    """Asks one URL again and again on a kept-alive connection, until it is told to stop.

    Attributes:
        served: How many answers came from which revision.
        lost: What went wrong, one text a request.
    """

    def __init__(self, url: str) -> None:
        """Nothing is asked before the block is entered."""
        self.served: Counter[str] = Counter()
        self.lost: list[str] = []
        self._place = urlsplit(url).netloc
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def __enter__(self) -> Self:
        """Start asking."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, once the last answer is there."""
        self._stop.set()
        self._thread.join(PATIENCE_SECONDS)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._place, timeout=PATIENCE_SECONDS)
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                self._once(connection)
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(type(error).__name__)
                connection.close()
        connection.close()

    def _once(self, connection: http.client.HTTPConnection) -> None:
        connection.request("GET", "/version")
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            self.lost.append(f"HTTP {answer.status}")
        else:
            self.served[answer.headers["x-revision"]] += 1
