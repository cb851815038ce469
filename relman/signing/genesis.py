"""The one thing about the rules that a repository cannot say of itself: which policy was the first.

What it is not: kept in the repository. It is a variable that CI sets, or a file in a person's own folder, out
of the reach of whoever proposes a change (ruling 17).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from relman.errors import Refused
from relman.signing.strict import need, read

VARIABLE = "RELMAN_GENESIS"
"""Set by CI, as a variable of the repository's settings and not of a workflow's file."""

UNPINNED = "no genesis is pinned"
"""What is said where nothing pins one; everything else is a pin that does not hold."""

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def place(environ: Mapping[str, str], repository: str) -> Path:
    """The file of a person's own that pins a repository's genesis.

    Args:
        environ: The environment: ``XDG_CONFIG_HOME``, else ``HOME``.
        repository: What the repository is called: ``github.com/acme/api``, or a project.
    """
    folder = environ.get("XDG_CONFIG_HOME") or f"{environ.get('HOME') or Path.home()}/.config"
    return Path(folder, "relman", "genesis", _NAME.sub("+", repository).strip("+.-") or "repository")


def pin(environ: Mapping[str, str], repository: str, digest: str) -> Path:
    """Pin a genesis for this person; the same one again changes nothing.

    Raises:
        Refused: Another one is pinned already; only its owner takes that away.
    """
    path, text = place(environ, repository), f"sha256:{_read(digest, 'the genesis')}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        there = path.read_text("ascii", "replace")
        need(there == text, "another genesis is pinned already", f"{path}: {there.strip()[:80]}")
    return path


def pinned(environ: Mapping[str, str], repository: str, root: Path) -> str:
    """The genesis that is pinned, as the digest of a policy's bytes in hex.

    Args:
        environ: The environment.
        repository: As in ``place``.
        root: The repository's root; a file within it pins nothing.

    Raises:
        Refused: None is pinned, two that differ, or by a file within the repository.
    """
    path = place(environ, repository)
    told = [(VARIABLE, environ[VARIABLE])] if environ.get(VARIABLE) else []
    try:
        content = read(path.parent.resolve(), path.name, cap=200)
    except FileNotFoundError:
        pass
    else:
        inside = path.resolve().is_relative_to(root.resolve())
        need(not inside, "a repository cannot pin its own genesis", f"{path} lies within it")
        told.append((str(path), content.decode("ascii", "replace").strip()))
    digests = {_read(text, source) for source, text in told}
    if not digests:
        clears = f"export {VARIABLE}=sha256:…, with the digest that your admins tell you"
        raise Refused(UNPINNED, fact=f"neither {VARIABLE} nor {path}", clears=clears)
    need(len(digests) == 1, "two geneses are pinned", " and ".join(source for source, _ in told))
    return digests.pop()


def _read(text: str, source: str) -> str:
    found = _DIGEST.fullmatch(text)
    if not found:
        raise Refused(f"{source} is no digest", fact=f"{text[:80]!r}, expected sha256: and 64 hex digits")
    return found[1]
