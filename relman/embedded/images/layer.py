"""A layer: a directory as a tar that is the same bytes wherever and whenever it is packed.

What it is not: a general archiver. It packs directories, regular files and symbolic links.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

CHUNK = 1 << 16
GZIP = b"\x1f\x8b"
"""What a gzip file begins with (RFC 1952)."""
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


class UnsafeArchive(Exception):
    """An archive with a member that would be written outside, or that is no file, directory or link."""


class Packed(NamedTuple):
    """A compressed layer on disk.

    Attributes:
        path: The gzip file.
        digest: ``sha256:…`` of the compressed bytes, what a manifest names.
        diff_id: ``sha256:…`` of the tar inside, what a configuration names.
        size: Length of the compressed bytes.
    """

    path: Path
    digest: str
    diff_id: str
    size: int


def pack(tree: Path, prefix: str, mtime: int, into: Path) -> Packed:
    """Pack ``tree`` under the folder ``prefix`` (relative, may be empty) into the file ``into``.

    Sorted by name, every time ``mtime``, owner 0, modes 755 and 644, links kept, no time in the gzip header:
    two packings of equal files give equal bytes.
    """
    with into.open("wb") as raw:
        outer = _Hashing(raw)
        with gzip.GzipFile(filename="", mode="wb", fileobj=cast("IO[bytes]", outer), mtime=0) as zipped:
            inner = _Hashing(zipped)
            _write(tree, prefix, mtime, inner)
    return Packed(into, outer.digest(), inner.digest(), into.stat().st_size)


def extract(archive: Path, into: Path, *, layered: bool = False) -> None:
    """Lay the members of a tar (compressed or not) down in ``into``, which is made if need be.

    Args:
        archive: The tar.
        into: Where its members go.
        layered: It is a layer over what is there: whiteouts take away, devices are left out (a runtime makes
            its own). https://github.com/opencontainers/image-spec/blob/main/layer.md.

    Raises:
        UnsafeArchive: A member leads outside, directly or through a link, or is of another kind.
    """
    into.mkdir(parents=True, exist_ok=True)
    root, laid = into.resolve(), set[Path]()
    try:
        with _members(archive) as members:
            for tar, member in members:
                target = _inside(member.name, root)
                if layered and (member.isdev() or _whited_out(target, laid)):
                    continue
                _lay(tar, member, target, root)
                laid.update([target, *target.parents])
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnsafeArchive(f"no readable tar: {error}") from error


class _Ended:
    """A tar to read, with the end that some builders leave out: the last block's rest, two empty ones."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file, self._end = file, b""
        self.size, self.over = 0, False

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.size += len(data)
        if len(data) < size and not self.over:
            self.over, self._end = True, bytes(-self.size % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE)
        missing = size - len(data)
        added, self._end = self._end[:missing], self._end[missing:]
        return data + added


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]]:
    """The members of a tar, compressed or not, in its order."""
    with archive.open("rb") as raw:
        zipped = raw.read(len(GZIP)) == GZIP
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if zipped else nullcontext(raw) as plain:
            file = _Ended(plain)
            with tarfile.open(fileobj=cast("IO[bytes]", file), mode="r|") as tar:
                yield _whole(tar, file)


def _whole(tar: tarfile.TarFile, file: _Ended) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Each member, after which nothing of its content may be missing."""
    for member in tar:
        yield tar, member
        end = member.offset_data + member.size
        if file.over and member.isreg() and end > file.size:
            raise tarfile.ReadError(f"{member.name!r} is cut off")


def _whited_out(target: Path, laid: set[Path]) -> bool:
    """Whether the member only takes away what lower layers have; then that is gone."""
    if target.name == OPAQUE:
        for lower in target.parent.glob("*"):
            if lower not in laid:
                _remove(lower)
    elif target.name.startswith(WHITEOUT):
        name = target.name.removeprefix(WHITEOUT)
        if name in {"", ".", ".."}:
            raise UnsafeArchive(f"{target.name!r}, which takes away more than a file")
        _remove(target.with_name(name))
    return target.name.startswith(WHITEOUT)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class _Hashing:
    """A file to write to that hashes what goes through."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file, self._sum = file, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._sum.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def digest(self) -> str:
        return f"sha256:{self._sum.hexdigest()}"


def _write(tree: Path, prefix: str, mtime: int, out: _Hashing) -> None:
    with tarfile.open(fileobj=cast("IO[bytes]", out), mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for folder in [*reversed(PurePosixPath(prefix).parents), PurePosixPath(prefix)]:
            if str(folder) != ".":
                tar.addfile(_header(str(folder), tarfile.DIRTYPE, 0o755, mtime))
        for path in sorted(_below(tree), key=lambda path: path.relative_to(tree).parts):
            _add(tar, path, str(PurePosixPath(prefix) / path.relative_to(tree).as_posix()), mtime)


def _below(tree: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(tree):
        for name in (*folders, *files):
            yield Path(folder, name)


def _add(tar: tarfile.TarFile, path: Path, name: str, mtime: int) -> None:
    if path.is_symlink():
        link = _header(name, tarfile.SYMTYPE, 0o777, mtime)
        link.linkname = str(path.readlink())
        tar.addfile(link)
    elif path.is_dir():
        tar.addfile(_header(name, tarfile.DIRTYPE, 0o755, mtime))
    else:
        with path.open("rb") as file:
            mode = 0o755 if os.fstat(file.fileno()).st_mode & 0o100 else 0o644
            header = _header(name, tarfile.REGTYPE, mode, mtime)
            header.size = os.fstat(file.fileno()).st_size
            tar.addfile(header, file)


def _header(name: str, kind: bytes, mode: int, mtime: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.mode, header.mtime = kind, mode, mtime
    return header


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: Path) -> None:
    if member.isdir():
        if target.is_symlink() or not target.is_dir():
            _remove(target)
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target != root:  # never written through a link that an earlier member left
        _remove(target)
    if member.issym():
        target.symlink_to(member.linkname)
    elif member.isreg():
        _copy(tar, member, target)
    elif member.islnk():
        _link(member, target, root)
    else:
        raise UnsafeArchive(f"{member.name!r}, which is neither a file, a directory nor a link")


def _link(member: tarfile.TarInfo, target: Path, root: Path) -> None:
    """A hard link, to what an earlier member or layer laid down."""
    try:
        os.link(_inside(member.linkname, root), target, follow_symlinks=False)
    except OSError as error:
        raise UnsafeArchive(f"{member.name!r}, which links to nothing: {error}") from error


def _inside(name: str, root: Path) -> Path:
    """Where the member goes; its folder is looked at with every link in it followed."""
    plain = PurePosixPath(name)
    target = root / plain
    if plain.is_absolute() or ".." in plain.parts or "\0" in name:
        raise UnsafeArchive(f"{name!r}, which leads outside")
    if target != root and not target.parent.resolve().is_relative_to(root):
        raise UnsafeArchive(f"{name!r}, which leads outside through a link")
    return target


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise UnsafeArchive(f"{member.name!r}, which has no content")
    with source, target.open("wb") as out:
        while chunk := source.read(CHUNK):
            out.write(chunk)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)
