"""What only a signed policy changes, by the working tree: sections, the files they name, the checklist.

What it is not: a judgement (``signing.guarded`` compares), or a look into git. The record's paths and
everything else are as they lie there.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relman.approval import folder, template
from relman.signing import digests
from relman.signing import read as bytes_of
from relman.signing.strict import sha256

CHECKLIST = f"{folder.ROOT}/{'/'.join(template.PLACE)}"
"""The name under which the template's bytes stand among a policy's digests."""
MOST = 1_048_576
"""How many bytes a file may have that a section names."""


def guarded(document: Mapping[str, Any], here: Path, root: Path) -> dict[str, str]:
    """The digests that a policy carries, of the working tree.

    Args:
        document: relman.toml as TOML.
        here: The folder of relman.toml, from which it names files.
        root: The repository's root, where the checklists are.

    Returns:
        SHA-256 in hex by name. Without a template of the team's own it is the one that comes with relman.

    Raises:
        Refused: A file that is named is a link, or too large.
    """

    def read(path: str) -> bytes | None:
        if not (here / path).is_file():
            return None
        return bytes_of(here, *path.split("/"), cap=MOST)

    return digests(document, read) | {CHECKLIST: sha256(template.content(root / folder.ROOT))}
