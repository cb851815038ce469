"""Uploads: blobs on their way in, a file each, which may come in parts and over several connections.

What it is not: a part of the layout. An upload becomes a blob when it is whole and its digest is right; until
then it may be gone on with, also after the platform was killed.
"""

from __future__ import annotations

import io
import re
import uuid
from datetime import datetime, timedelta
from pathlib import Path

ID = re.compile(r"[0-9a-f]{32}")
PATIENCE = timedelta(days=1)
"""An upload that nobody has gone on with for so long is forgotten."""


class Appending:
    """Writes what comes to the end of an upload.

    Args:
        upload: Which.
        file: Open at its end.

    Attributes:
        error: What went wrong, if anything did: nothing is written after that.
    """

    def __init__(self, upload: str, file: io.FileIO) -> None:
        """Nothing is written yet."""
        self.upload = upload
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> None:
        """Append."""
        if self.error:
            return
        try:
            self._file.write(data)
        except OSError as error:
            self.error = error

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class Uploads:
    """The uploads of a platform.

    Args:
        folder: Where they are; on the layout's file system.
    """

    def __init__(self, folder: Path) -> None:
        """Those of the last platform are there still."""
        self._folder = folder

    def forget_old(self, now: datetime) -> None:
        """Delete what nobody goes on with."""
        for path in self._folder.glob("*"):
            if path.stat().st_mtime < (now - PATIENCE).timestamp():
                path.unlink()

    def begin(self) -> str:
        """Begin one; its id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        upload = uuid.uuid4().hex
        self.path(upload).touch()
        return upload

    def path(self, upload: str) -> Path:
        """The file of an upload, if there is one."""
        return self._folder / upload

    def size(self, upload: str) -> int | None:
        """How many bytes are there; None for an unknown upload."""
        path = self.path(upload)
        return path.stat().st_size if ID.fullmatch(upload) and path.exists() else None

    def append(self, upload: str) -> Appending:
        """Go on with one.

        Raises:
            OSError: It cannot be written.
        """
        return Appending(upload, self.path(upload).open("ab", buffering=0))
