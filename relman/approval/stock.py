"""``verify.sh``: the verification for whoever has no relman, and what it needs beside the request.

What it is not: the verification (``gates.approval``). The script is a third verifier, with stock tools alone,
and says what it does not check.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from relman.approval.folder import RULES, Folder
from relman.errors import Refused, Unreachable
from relman.signing import read
from relman.signing.guarded import contents
from relman.signing.strict import sha256

NAME = "verify.sh"
WHO = ("people", "roles", "raci")
"""The sections of relman.toml that say who may speak; their digests stand in the policy."""


def script() -> bytes:
    """The script that comes with relman."""
    return resources.files("relman.approval").joinpath(NAME).read_bytes()


def laid(checklists: Path) -> str:
    """Lay the script down where there is none; what to tell of it, empty for nothing.

    One that lies there already is never written over, because others may have read and kept its digest.

    Raises:
        Unreachable: It cannot be written.
    """
    own, path = script(), checklists / NAME
    try:
        there = read(checklists, NAME)
    except FileNotFoundError:
        _write(path, own)
        return f"written: {path.parent.name}/{NAME}, sha256 {sha256(own)}, for you to commit"
    except Refused as error:
        return f"{path.parent.name}/{NAME} is left as it is: {error.what}"
    if there == own:
        return ""
    told = f"{path.parent.name}/{NAME} is left as it is, sha256 {sha256(there)}"
    return f"{told}; the one of this relman has {sha256(own)}"


def explained(folder: Folder, document: Mapping[str, Any]) -> None:
    """Lay down beside a request who holds which role, each file with the digest that the policy has of it."""
    for section, content in contents(document, WHO).items():
        folder.write(content, RULES, f"{section}.json")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
    except OSError as error:
        raise Unreachable(f"{path} cannot be written", fact=error.strerror or str(error)) from error
