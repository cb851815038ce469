"""Reading what somebody else wrote: nothing is guessed, mended or followed, and nothing large is read.

What it is not: a judge of what the text means. Whatever has two readings is refused here, so that no two
programs can see different things in what was signed.

Sources: RFC 8785 (canonical JSON), RFC 7493 section 2 (I-JSON: no duplicate names, integers below 2^53).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections import Counter
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from relman.errors import Refused, RelmanError

CAP = 64 * 1024
"""How many bytes a request, a vote, a signature or a list of signers may have."""
DEPTH = 16
"""How deep objects and arrays may stand in each other."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,126}", re.ASCII)
"""What a file or a folder of a record may be called; ``..``, a slash and a leading dot are none of it."""

_Value = TypeVar("_Value", bound=msgspec.Struct)

_DEEP = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_READ = os.O_RDONLY | os.O_CLOEXEC
_OPEN, _CLOSED = frozenset((b"[", b"{")), frozenset((b"]", b"}"))


def need(truth: object, what: str, fact: str = "", *, error: type[RelmanError] = Refused) -> None:
    """Refuse unless something holds; it is no ``assert``, so ``python -O`` changes nothing.

    Raises:
        Refused: It does not hold; or the ``error`` that was named.
    """
    if not truth:
        raise error(what, fact=fact)


def canonical(value: object) -> bytes:
    """``value`` in its RFC 8785 form: the same value gives the same bytes everywhere.

    Raises:
        Refused: It has no such form: no JSON, an integer of 2^53 or more, a number that is none.
    """
    import rfc8785

    try:
        return bytes(rfc8785.dumps(value))  # type: ignore[arg-type] # refuses at run time what is no JSON
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise Refused("this has no canonical JSON form", fact=str(error)) from None


def sha256(content: bytes) -> str:
    """Hex SHA-256 of bytes as they lie there."""
    return hashlib.sha256(content).hexdigest()


def parsed(content: bytes, named: str = "the statement") -> dict[str, Any]:
    """The JSON object that these bytes are, if they are its RFC 8785 form and nothing else.

    Args:
        content: The bytes as they were stored; at most 64 kB.
        named: What they are, for the error.

    Raises:
        Refused: Larger, deeper, no object, or with another reading: a key twice, white space, a mark of
            the byte order, CRLF, NaN, 1e400, an integer of 2^53 or more.
    """
    need(len(content) <= CAP, f"{named} is too large", f"more than {CAP} bytes")
    need(_depth(content) <= DEPTH, f"{named} is too deep", f"more than {DEPTH} levels")
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
        form = canonical(value)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{named} is no canonical JSON", fact=str(error)) from None
    except Refused as error:
        raise Refused(f"{named} is no canonical JSON", fact=f"{error.what}: {error.fact}") from None
    if form != content:
        raise Refused(f"{named} is no canonical JSON", fact=_difference(content, form))
    if not isinstance(value, dict):
        raise Refused(f"{named} is no JSON object", fact=type(value).__name__)
    return value


def converted(value: object, kind: type[_Value], named: str) -> _Value:
    """JSON as a value of a kind that knows all of its keys.

    Raises:
        Refused: A key is missing, unknown or of another shape.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Refused(f"{named} does not say what it must", fact=str(error)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, each key of which stands there once."""
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise Refused("a key stands there twice", fact=", ".join(twice)[:200])
    return value


def _depth(content: bytes) -> int:
    """How deep brackets stand in each other outside of strings, before anything is built from them."""
    depth = deepest = 0
    for found in _DEEP.finditer(content):
        depth += (found[0] in _OPEN) - (found[0] in _CLOSED)
        deepest = max(deepest, depth)
    return deepest


def _difference(content: bytes, form: bytes) -> str:
    """Where stored bytes leave the canonical ones."""
    at = next((n for n, (a, b) in enumerate(zip(content, form, strict=False)) if a != b), len(form))
    return f"at byte {at}: {content[at : at + 12]!r} where RFC 8785 has {form[at : at + 12]!r}"


def read(root: Path, *names: str, cap: int = CAP) -> bytes:
    """A regular file below ``root``, no link on the way to it followed, never more than ``cap`` bytes read.

    Args:
        root: A folder that is trusted to be the one that is meant.
        names: The folders to go through, one by one, and the file's name.
        cap: How many bytes it may have.

    Raises:
        Refused: A name that no record has, a symbolic link, no regular file, or too large.
        FileNotFoundError: There is no such file.
    """
    path = "/".join(names)
    for name in names:
        need(NAME.fullmatch(name), "no file of a record is called that", repr(path))
    descriptor = _opened(root, names)
    try:
        status = os.fstat(descriptor)
        need(stat.S_ISREG(status.st_mode), f"{path} is no regular file")
        need(status.st_size <= cap, f"{path} is too large", f"{status.st_size} bytes, at most {cap}")
        content = _content(descriptor, cap + 1)
    finally:
        os.close(descriptor)
    need(len(content) <= cap, f"{path} is too large", f"it grew beyond {cap} bytes")
    return content


def listed(root: Path, *names: str) -> tuple[str, ...]:
    """What a folder below ``root`` holds, in order; no link on the way to it is followed.

    Raises:
        Refused: A name that no record has, a link, or no folder.
        FileNotFoundError: There is no such folder.
    """
    for name in names:
        need(NAME.fullmatch(name), "no folder of a record is called that", repr("/".join(names)))
    descriptor = _entered(root, names)
    try:
        return tuple(sorted(os.listdir(descriptor)))  # noqa: PTH208 - of a folder that is open already
    finally:
        os.close(descriptor)


def _opened(root: Path, names: tuple[str, ...]) -> int:
    """The file's descriptor; each step is taken from the folder before it, so that nobody moves the way."""
    folder = _entered(root, names[:-1])
    return _step(folder, names[-1], _READ | os.O_NOFOLLOW | os.O_NONBLOCK)  # a pipe would wait for a writer


def _entered(root: Path, names: tuple[str, ...]) -> int:
    folder = os.open(root, _READ | os.O_DIRECTORY)
    for name in names:
        folder = _step(folder, name, _READ | os.O_DIRECTORY | os.O_NOFOLLOW)
    return folder


def _step(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Refused(f"{name} cannot be read", fact=error.strerror or str(error)) from None
    finally:
        os.close(folder)


def _content(descriptor: int, most: int) -> bytes:
    parts, left = [], most
    while left and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
