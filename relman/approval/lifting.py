"""Where overrides lie that people have signed: ``checklists/overrides/``.

What it is not: trusted, or a lift. What counts is decided from bytes and signatures (``gates.approval``).

::

    checklists/overrides/
        9f3a01bc.json            and .json.sig   what the one who cuts has signed; named by its digest
        9f3a01bc.4c5d6e7f.json   and .json.sig   the consent of somebody else; named by the signer too
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from relman.approval.folder import MOST, ROOT, Folder, Paper
from relman.errors import Refused
from relman.signing import read
from relman.signing.strict import listed, sha256

NAME = "overrides"
FIRST = re.compile(r"[0-9a-f]{8}\.json", re.ASCII)


class Lying(NamedTuple):
    """An override as it lies there, nothing of it believed.

    Attributes:
        first: The override itself.
        seconds: The consents that go with it.
    """

    first: Paper
    seconds: tuple[Paper, ...]

    @property
    def path(self) -> str:
        """Where it lies, below the repository's root."""
        return f"{ROOT}/{NAME}/{self.first.name}"


def lying(root: Path) -> tuple[Lying, ...]:
    """Every override below a repository's root, by name."""
    names = _names(root)
    return tuple(_one(root, name, names) for name in names if FIRST.fullmatch(name))[:MOST]


def named(root: Path, file: str) -> Lying:
    """The override of a file's name.

    Raises:
        Refused: There is none of that name.
    """
    name, names = Path(file).name, _names(root)
    if not FIRST.fullmatch(name) or name not in names:
        here = ", ".join(f"{ROOT}/{NAME}/{one}" for one in names if FIRST.fullmatch(one)) or "none lies here"
        raise Refused("there is no such override", fact=f"{file!r}; {here}", clears="git pull")
    return _one(root, name, names)


def write(root: Path, content: bytes, signature: str, *, name: str = "") -> str:
    """Lay a signed statement down; its path below the repository's root.

    Args:
        root: The repository's root.
        content: The statement.
        signature: Armoured.
        name: Of a consent; an override is named by its digest.

    Raises:
        Unreachable: It cannot be written.
    """
    called, folder = name or f"{sha256(content)[:8]}.json", Folder(root / ROOT, NAME)
    folder.write(signature.encode("ascii"), f"{called}.sig")
    folder.write(content, called)
    return f"{ROOT}/{NAME}/{called}"


def _names(root: Path) -> tuple[str, ...]:
    try:
        return listed(root, ROOT, NAME)
    except FileNotFoundError:
        return ()


def _one(root: Path, name: str, names: tuple[str, ...]) -> Lying:
    form = re.compile(rf"{name[:8]}\.[0-9a-f]{{8}}\.json", re.ASCII)
    seconds = [one for one in names if form.fullmatch(one)]
    return Lying(_paper(root, name), tuple(_paper(root, one) for one in seconds[:MOST]))


def _paper(root: Path, name: str) -> Paper:
    try:
        return Paper(name, read(root, ROOT, NAME, name), read(root, ROOT, NAME, f"{name}.sig"))
    except (Refused, FileNotFoundError) as error:
        return Paper(name, fault=f"{name} cannot be read: {error}")
