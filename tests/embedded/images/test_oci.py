"""Images that are the same wherever they are built, in a layout that keeps them whole."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from relman.embedded.images.oci import BuildError, ImageMissing, resolve, unpack

from .builds import blob_of, built, commit, git, ran


def test_two_clones_give_one_digest(repository: Path, tmp_path: Path) -> None:
    """A commit built from two clones, with other times, modes and umasks, gives the same bytes."""
    sha = commit(
        repository, {"Procfile": "web: python app.py\n", "app.py": "print(1)", "sub/ü.txt": "x" * 300}
    )
    git(tmp_path, "clone", "-q", str(repository), "other")
    os.utime(tmp_path / "other" / "app.py", (1, 1))
    (tmp_path / "other" / "app.py").chmod(0o600)
    one = built(repository, sha, tmp_path / "layout")
    before = os.umask(0o077)
    try:
        two = built(f"file://{tmp_path / 'other'}", sha, tmp_path / "layout2")
    finally:
        os.umask(before)
    assert one == two
    assert one.commit == sha


def test_the_layout_is_oci(repository: Path, tmp_path: Path) -> None:
    """Every blob is named by its content, the diff ids are those of the tars, the label names the commit."""
    sha = commit(repository, {"Procfile": "web: python app.py"})
    layout = tmp_path / "layout"
    digest = built(repository, sha, layout).digest
    for blob in (layout / "blobs" / "sha256").iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((layout / "index.json").read_text())
    assert [entry["digest"] for entry in index["manifests"]] == [digest]
    manifest = json.loads(blob_of(layout, digest).read_text())
    config = json.loads(blob_of(layout, manifest["config"]["digest"]).read_text())
    assert config["config"]["Labels"] == {"org.opencontainers.image.revision": sha}
    assert config["created"] == "2026-11-02T10:00:00Z"
    unzipped = subprocess.run(
        ["gzip", "-dc", str(blob_of(layout, manifest["layers"][0]["digest"]))],
        capture_output=True,
        check=True,
    )
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(unzipped.stdout).hexdigest()}"]
    assert list((layout / "blobs").iterdir()) == [layout / "blobs" / "sha256"], (
        "nothing half-done is left behind"
    )


def package(repository: Path) -> dict[str, str]:
    """A Python package of the repository's own, so that pip needs no network."""
    wheel = repository / "wheels" / "greeting-1.0-py3-none-any.whl"
    files = {
        "greeting.py": "def main(): print('from a package')",
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:main\n",
        "greeting-1.0.dist-info/RECORD": "",
    }
    wheel.parent.mkdir()
    import zipfile

    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return {"requirements.txt": "--no-index\n./wheels/greeting-1.0-py3-none-any.whl\n"}


def test_requirements_become_a_layer(repository: Path, tmp_path: Path) -> None:
    """Pip installs requirements.txt into a layer of its own, on PYTHONPATH and PATH, and reproducibly."""
    sha = commit(repository, package(repository) | {"Procfile": "web: greet"})
    one = built(repository, sha, tmp_path / "layout")
    assert ran(unpack(tmp_path / "layout", one.digest, tmp_path / "images")) == "from a package"
    assert built(repository, sha, tmp_path / "layout2") == one
    assert len(json.loads(blob_of(tmp_path / "layout", one.digest).read_text())["layers"]) == 2


def test_requirements_that_fail(repository: Path, tmp_path: Path) -> None:
    """What pip cannot install fails the build with pip's own words."""
    files = {"Procfile": "web: x", "requirements.txt": "--no-index\nno-such-package==1\n"}
    with pytest.raises(BuildError, match="no-such-package") as caught:
        built(repository, commit(repository, files), tmp_path / "layout")
    assert caught.value.kind == "USER_BUILD_STEP"


@pytest.mark.needs_program("npm")
def test_a_package_lock_is_installed(repository: Path, tmp_path: Path) -> None:
    """Npm installs the lock file's packages next to the source, and the service finds them."""
    lock = {
        "name": "web",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "web", "version": "1.0.0", "dependencies": {"said": "file:said"}},
            "node_modules/said": {"resolved": "said", "link": True},
            "said": {"version": "1.0.0"},
        },
    }
    manifest = {"name": "web", "version": "1.0.0", "dependencies": {"said": "file:said"}}
    files = {
        "package.json": json.dumps(manifest),
        "package-lock.json": json.dumps(lock),
        "said/package.json": json.dumps({"name": "said", "version": "1.0.0", "main": "index.js"}),
        "said/index.js": "module.exports = 'installed'",
        "index.js": "console.log(require('said'))",
        "Procfile": "web: node index.js",
    }
    digest = built(repository, commit(repository, files), tmp_path / "layout").digest
    assert ran(unpack(tmp_path / "layout", digest, tmp_path / "images")) == "installed"


def test_names_find_their_digest(repository: Path, tmp_path: Path) -> None:
    """A tag names the newest image pushed under it; a digest always names its own; all else is missing."""
    layout = tmp_path / "layout"
    with pytest.raises(ImageMissing):
        resolve(layout, "registry.example:5000/shop/api")
    old = built(repository, commit(repository, {"Procfile": "web: old"}), layout).digest
    new = built(repository, commit(repository, {"Procfile": "web: new"}), layout).digest
    other = built(repository, "main", layout, name="registry.example:5000/shop/api:v2").digest
    name = "registry.example:5000/shop/api"
    assert resolve(layout, name) == resolve(layout, f"{name}:latest") == new != old
    assert resolve(layout, f"{name}:v2") == other
    assert resolve(layout, f"{name}@{old}") == old
    for missing in (
        f"{name}:v3",
        "shop/api",
        f"{name}@sha256:{'0' * 64}",
        f"{name}@sha256:../../x",
        f"{name}@",
        "",
    ):
        with pytest.raises(ImageMissing):
            resolve(layout, missing)


def test_parallel_builds_keep_every_name(repository: Path, tmp_path: Path) -> None:
    """Builds at the same time lose no entry of the index, and unpacking at the same time gives one folder."""
    sha = commit(repository, {"Procfile": "web: x"})
    layout, digests = tmp_path / "layout", []

    def one(tag: str) -> None:
        digest = built(repository, sha, layout, name=f"api:{tag}").digest
        digests.append((digest, unpack(layout, digest, tmp_path / "images").cwd))

    threads = [threading.Thread(target=one, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(digests)) == 1
    assert len(digests) == 6
    assert {resolve(layout, f"api:{number}") for number in range(6)} == {digests[0][0]}
    assert len(list((tmp_path / "images").iterdir())) == 1


def test_unpacking_twice_changes_nothing(repository: Path, tmp_path: Path) -> None:
    """The second unpacking finds the first one's files, also when a service wrote next to them."""
    layout = tmp_path / "layout"
    digest = built(repository, commit(repository, {"Procfile": "web: x"}), layout).digest
    first = unpack(layout, digest, tmp_path / "images")
    (first.cwd / "written").write_text("by the service")
    assert unpack(layout, digest, tmp_path / "images") == first
    assert (first.cwd / "written").exists()


@pytest.mark.parametrize("harm", ["gone", "changed"])
def test_a_damaged_image_is_missing(repository: Path, tmp_path: Path, harm: str) -> None:
    """A blob that is gone or not what its digest says is never run."""
    layout = tmp_path / "layout"
    digest = built(repository, commit(repository, {"Procfile": "web: x"}), layout).digest
    blob = blob_of(layout, json.loads(blob_of(layout, digest).read_text())["layers"][0]["digest"])
    blob.unlink()
    if harm == "changed":
        blob.write_bytes(b"something else")
    with pytest.raises(ImageMissing):
        unpack(layout, digest, tmp_path / "images")
    assert list((tmp_path / "images").iterdir()) == []


def test_a_killed_build_leaves_nothing_for_long(repository: Path, tmp_path: Path) -> None:
    """What a killed build left behind is swept away by the next one, a running one's room is not."""
    layout, sha = tmp_path / "layout", commit(repository, {"Procfile": "web: x"})
    code = "import sys; from pathlib import Path; from relman.embedded.images.scratch import scratch\n"
    code += "with scratch(Path(sys.argv[1]), 'building-') as room: print(room, flush=True); sys.stdin.read()"
    built(repository, sha, layout)
    words = [sys.executable, "-c", code, str(layout / "blobs")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        room = Path(process.stdout.readline().decode().strip())
        built(repository, sha, layout)
        assert room.is_dir()
        process.kill()
    assert room.is_dir()
    built(repository, sha, layout)
    assert not room.exists()


def test_a_store_that_cannot_be_written_is_a_failed_push(repository: Path, tmp_path: Path) -> None:
    """A layout that cannot be made is PUSH_FAILED."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BuildError) as caught:
        built(repository, commit(repository, {"Procfile": "web: x"}), tmp_path / "file" / "layout")
    assert caught.value.kind == "PUSH_FAILED"
