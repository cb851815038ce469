"""Where a request lies, with its evidence, its votes and its waivers: one folder below ``checklists/``.

What it is not: trusted. Whoever can push can write here; what counts is decided from bytes and signatures.

::

    checklists/api-1.4.0-production-3f9c1a2b/
        request.json
        evidence/smoke.json
        rules/people.json, roles.json, raci.json
        votes/eng-lead.9f3a01bc.1.json   and .json.sig
        waivers/customers-told.9f3a01bc.1.json   and .json.sig
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from relman.errors import Refused, Unreachable
from relman.signing import read

ROOT = "checklists"
REQUEST, EVIDENCE, VOTES, WAIVERS = "request.json", "evidence", "votes", "waivers"
RULES = "rules"
"""Where the sections of relman.toml lie by which ``verify.sh`` tells who may say go."""
SIGNED = re.compile(
    r"(?P<stem>[a-z0-9-]{1,63})\.(?P<signer>[0-9a-f]{8})\.(?P<n>[1-9][0-9]{0,2})\.json", re.ASCII
)
"""What a vote or a waiver is called: its role or item, its signer, its number."""
MOST = 256
"""How many files of one kind are looked at."""


class Paper(NamedTuple):
    """A signed file as it lies there; or why it could not be read, and then it does not count.

    Attributes:
        name: The file's name.
        content: The statement's bytes.
        signature: The armoured signature's bytes.
        fault: Empty where both were read.
    """

    name: str
    content: bytes = b""
    signature: bytes = b""
    fault: str = ""


class Folder(NamedTuple):
    """One request's folder.

    Attributes:
        checklists: The team's folder of checklists.
        name: The request's own folder in it.
    """

    checklists: Path
    name: str

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.checklists / self.name

    def request(self) -> bytes:
        """The request's bytes.

        Raises:
            Refused: There is none, or it is no regular file of its size.
        """
        return self._read(REQUEST)

    def evidence(self, name: str) -> bytes:
        """The bytes of a file of evidence.

        Raises:
            Refused: There is none, or it is no regular file of its size.
        """
        return self._read(EVIDENCE, name)

    def votes(self) -> tuple[Paper, ...]:
        """Every vote that lies there, in the order of the names; a stray file comes with its fault."""
        return tuple(self._papers(VOTES))

    def waivers(self) -> tuple[Paper, ...]:
        """Every waiver that lies there, likewise."""
        return tuple(self._papers(WAIVERS))

    def next_name(self, kind: str, stem: str, signer: str) -> str:
        """What the next vote or waiver of a signer is called: ``eng-lead.9f3a01bc.2.json``."""
        short = hashlib.sha256(signer.encode()).hexdigest()[:8]
        taken = {path.name for path in self._listed(kind)}
        names = (f"{stem}.{short}.{n}.json" for n in range(1, 1000))
        return next(name for name in names if name not in taken)

    def write(self, content: bytes, *names: str) -> Path:
        """Lay a file down, whole or not at all.

        Raises:
            Unreachable: It cannot be written.
        """
        target = self.path.joinpath(*names)
        aside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(target)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise Unreachable(f"{target} cannot be written", fact=error.strerror or str(error)) from error
        return target

    def _papers(self, kind: str) -> Iterator[Paper]:
        found = sorted(path.name for path in self._listed(kind) if not path.name.endswith(".sig"))
        for name in found[:MOST]:
            if not SIGNED.fullmatch(name):
                yield Paper(name, fault="no file of this folder is called that")
                continue
            try:
                yield Paper(name, self._read(kind, name), self._read(kind, f"{name}.sig"))
            except Refused as error:
                yield Paper(name, fault=": ".join(filter(None, (error.what, error.fact))))
        if len(found) > MOST:
            yield Paper("", fault=f"{len(found)} files, of which {MOST} were looked at")

    def _listed(self, kind: str) -> list[Path]:
        """What lies in a folder of ours; a link to one is not followed."""
        folder = self.path / kind
        try:
            return [] if folder.is_symlink() else [one for one in folder.iterdir() if one.name[0] != "."]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _read(self, *names: str) -> bytes:
        try:
            return read(self.checklists, self.name, *names)
        except FileNotFoundError:
            at = "/".join((ROOT, self.name, *names))
            raise Refused(f"{at} is missing", fact="there is no such file") from None


def requests(checklists: Path) -> tuple[Folder, ...]:
    """Every folder that holds a request, by name."""
    try:
        found = sorted(one.name for one in checklists.iterdir() if (one / REQUEST).is_file())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(Folder(checklists, name) for name in found if not (checklists / name).is_symlink())
