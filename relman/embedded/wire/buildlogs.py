"""The logs of builds, where Cloud Build keeps them: ``log-ID.txt`` in a bucket of Cloud Storage.

What it is not: Cloud Storage. It reads one kind of object, from any bucket, as it grows.

Source: gcloud asks ``https://storage.googleapis.com/BUCKET/log-ID.txt`` with a range that begins where it
has read to; ranges are those of RFC 9110 section 14.
"""

from __future__ import annotations

import re
from pathlib import Path

from relman.embedded.wire.certificate import STORAGE
from relman.embedded.wire.http import Answer, Request

OBJECT = re.compile(r"/.+/(log-[0-9a-f-]{36}\.txt)")
RANGE = re.compile(r"bytes=([0-9]+)-")
TEXT = "text/plain; charset=utf-8"


class Logs:
    """Answers for the logs of builds.

    Args:
        folder: Where they are, by the name of the object.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    async def answer(self, request: Request) -> Answer | None:
        """A log from where the client has read to; None for anything else."""
        host = request.headers.get("host", "").partition(":")[0]
        match = OBJECT.fullmatch(request.target.decode("latin-1").partition("?")[0])
        if host != STORAGE or request.method not in {"GET", "HEAD"} or not match:
            return None
        try:
            content = (self._folder / match[1]).read_bytes()
        except FileNotFoundError:
            return Answer(404, b"No such object: the build has not begun.\n", TEXT)
        return _part(content, request.headers.get("range", ""))


def _part(content: bytes, wanted: str) -> Answer:
    found = RANGE.fullmatch(wanted)
    if found is None:
        return Answer(200, content, TEXT)
    begin, size = int(found[1]), len(content)
    if begin >= size:
        return Answer(416, b"", TEXT, {"content-range": f"bytes */{size}"})
    fields = {"content-range": f"bytes {begin}-{size - 1}/{size}"}
    return Answer(206, content[begin:], TEXT, fields)
