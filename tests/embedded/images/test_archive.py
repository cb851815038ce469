"""No archive writes outside of its folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.embedded.images.layer import UnsafeArchive, extract


def tar_of(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """A tar with members of these names, kinds and link targets."""
    with tarfile.open(path, "w") as tar:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            member.size = 1 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(
    "members",
    [
        [("../out", tarfile.REGTYPE, "")],
        [("/out", tarfile.REGTYPE, "")],
        [("a/../../out", tarfile.REGTYPE, "")],
        [("a", tarfile.SYMTYPE, ".."), ("a/out", tarfile.REGTYPE, "")],
        [("a", tarfile.SYMTYPE, ".."), ("a/out", tarfile.DIRTYPE, "")],
        [("a", tarfile.SYMTYPE, "."), ("a/b", tarfile.SYMTYPE, ".."), ("b/out", tarfile.REGTYPE, "")],
        [("a", tarfile.LNKTYPE, "../out")],
        [("a", tarfile.FIFOTYPE, "")],
        [("a", tarfile.CHRTYPE, "")],
    ],
)
def test_an_archive_cannot_write_outside(tmp_path: Path, members: list[tuple[str, bytes, str]]) -> None:
    """No member leads outside, neither by its name nor through a link, and devices are refused."""
    with pytest.raises(UnsafeArchive):
        extract(tar_of(tmp_path / "a.tar", *members), tmp_path / "in")
    assert not (tmp_path / "out").exists()


def test_a_member_replaces_a_link(tmp_path: Path) -> None:
    """A file that comes where a link was does not write through that link."""
    (tmp_path / "out").write_text("kept")
    archive = tar_of(
        tmp_path / "a.tar", ("a", tarfile.SYMTYPE, str(tmp_path / "out")), ("a", tarfile.REGTYPE, "")
    )
    extract(archive, tmp_path / "in")
    assert (tmp_path / "out").read_text() == "kept"
    assert (tmp_path / "in" / "a").read_text() == "x"


@given(data=st.binary(max_size=2000))
def test_any_bytes_are_an_archive_or_unsafe(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Bytes that are no archive are refused with the one error."""
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a.tar").write_bytes(data)
    try:
        extract(folder / "a.tar", folder / "in")
    except UnsafeArchive:
        return
    assert list((folder / "in").iterdir()) == []
