"""Objects in buckets, as files: what ``gcloud builds submit`` uploads for a build to read.

What it is not: Cloud Storage. Every bucket exists, and an object is read again by builds alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple


class Kept(NamedTuple):
    """One object.

    Attributes:
        bucket: The bucket's name.
        name: The object's, with any slashes.
        generation: Which of those that had this name; the newest is the highest.
        size: In bytes.
    """

    bucket: str
    name: str
    generation: int
    size: int


class Objects:
    """The objects of every bucket.

    Args:
        folder: Where they are; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def keep(self, bucket: str, name: str, content: bytes) -> Kept:
        """Keep an object; an older one of its name stays."""
        place = self._place(bucket, name)
        place.mkdir(parents=True, exist_ok=True)
        generation = max(self._generations(place), default=0) + 1
        # A name of its own until it is whole: a kill leaves no part of an object behind under a real one.
        part = place / f".{generation}"
        part.write_bytes(content)
        part.replace(place / str(generation))
        return Kept(bucket, name, generation, len(content))

    def find(self, bucket: str, name: str, generation: int = 0) -> Path | None:
        """The file of an object, None if there is none; its newest generation for 0."""
        place = self._place(bucket, name)
        number = generation or max(self._generations(place), default=0)
        path = place / str(number)
        return path if path.is_file() else None

    def _place(self, bucket: str, name: str) -> Path:
        """A folder whose name no object's name can lead out of."""
        return self._folder / hashlib.sha256(f"{bucket}/{name}".encode()).hexdigest()

    def _generations(self, place: Path) -> list[int]:
        return [int(path.name) for path in place.glob("[0-9]*")]
