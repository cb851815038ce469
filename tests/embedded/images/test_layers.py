"""Layers as other builders make them: what later ones take away, hard links, devices."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from relman.embedded.images.layer import UnsafeArchive, extract


def packed(path: Path, *members: tuple[str, str]) -> Path:
    """A tar of files with their text; ``=name`` is a hard link, ``/`` a folder, ``dev`` a device."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in members:
            header = tarfile.TarInfo(name)
            if text.startswith("="):
                header.type, header.linkname = tarfile.LNKTYPE, text[1:]
            elif text in {"/", "dev"}:
                header.type = tarfile.DIRTYPE if text == "/" else tarfile.CHRTYPE
            else:
                header.size = len(text)
            tar.addfile(header, io.BytesIO(text.encode()))
    return path


def laid(root: Path) -> dict[str, str]:
    """The files below a folder."""
    return {str(one.relative_to(root)): one.read_text() for one in sorted(root.rglob("*")) if one.is_file()}


def test_a_layer_takes_away_what_is_whited_out(tmp_path: Path) -> None:
    """A whiteout removes a file or folder of a lower layer, an opaque one all of the lower layers' folder."""
    root = tmp_path / "root"
    extract(
        packed(tmp_path / "1", ("a/x", "1"), ("a/y", "1"), ("b/z", "1"), ("c/d/e", "1")), root, layered=True
    )
    upper = packed(tmp_path / "2", ("a/.wh.x", ""), ("b/new", "2"), ("b/.wh..wh..opq", ""), ("c/.wh.d", ""))
    extract(upper, root, layered=True)
    assert laid(root) == {"a/y": "1", "b/new": "2"}


def test_a_hard_link_is_the_file_that_it_links_to(tmp_path: Path) -> None:
    """Images are full of them; devices, which only a runtime can make, are left out."""
    root = tmp_path / "root"
    extract(
        packed(tmp_path / "1", ("bin/perl", "p"), ("bin/perl5", "=bin/perl"), ("dev/null", "dev")),
        root,
        layered=True,
    )
    assert laid(root) == {"bin/perl": "p", "bin/perl5": "p"}


def test_a_layer_changes_folders_to_files_and_back(tmp_path: Path) -> None:
    """What an upper layer has stands, of whatever kind the lower one was."""
    root = tmp_path / "root"
    extract(packed(tmp_path / "1", ("a/x", "1"), ("b", "1")), root, layered=True)
    extract(packed(tmp_path / "2", ("a", "2"), ("b", "/"), ("b/y", "2")), root, layered=True)
    assert laid(root) == {"a": "2", "b/y": "2"}


def test_a_layer_may_lack_its_end_but_nothing_of_a_file(tmp_path: Path) -> None:
    """Some builders leave the end of the archive out, and the rest of the last block with it."""
    whole = gzip.decompress(packed(tmp_path / "1", ("a", "1" * 700)).read_bytes())
    for size in (512 + 700, 1536, 2000):
        (tmp_path / "cut").write_bytes(gzip.compress(whole[:size]))
        extract(tmp_path / "cut", tmp_path / str(size), layered=True)
        assert laid(tmp_path / str(size)) == {"a": "1" * 700}
    for size in (300, 512 + 699, 512 + 100):
        (tmp_path / "cut").write_bytes(gzip.compress(whole[:size]))
        with pytest.raises(UnsafeArchive):
            extract(tmp_path / "cut", tmp_path / str(size), layered=True)


@pytest.mark.parametrize(
    "member", [("a/.wh...", ""), (".wh..", ""), ("a", "=../outside"), ("a", "=nothing"), ("../x", "1")]
)
def test_no_layer_reaches_outside(tmp_path: Path, member: tuple[str, str]) -> None:
    """Neither a whiteout nor a hard link leads out of the image."""
    (tmp_path / "outside").write_text("mine")
    with pytest.raises(UnsafeArchive):
        extract(packed(tmp_path / "1", ("a/x", "1"), member), tmp_path / "root", layered=True)
    assert (tmp_path / "outside").read_text() == "mine"
