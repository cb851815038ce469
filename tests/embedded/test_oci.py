"""The image builder, met with real git, a real pip and npm, and real processes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relman.embedded.layer import UnsafeArchive, extract
from relman.embedded.oci import BuildError, Built, ImageMissing, Runnable, build, resolve, unpack

Write = Callable[..., str]


def git(where: Path, *words: str) -> str:
    """Run git as a person would who has no configuration."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    who = {
        f"GIT_{role}_{part}": "a@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    when = {"GIT_AUTHOR_DATE": "2026-11-02T10:00:00Z", "GIT_COMMITTER_DATE": "2026-11-02T10:00:00Z"}
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    run = subprocess.run(
        ["git", *words], cwd=where, env=env | who | when | alone, capture_output=True, check=True
    )
    return run.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository with a branch ``main``."""
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    return path


def commit(repository: Path, files: dict[str, str]) -> str:
    """Commit these files, and answer the commit's SHA."""
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", "a change")
    return git(repository, "rev-parse", "HEAD")


def built(
    url: object,
    revision: str,
    layout: Path,
    *,
    entrypoint: str | None = None,
    dockerfile: bool = False,
    log: Callable[[str], None] = lambda _: None,
    name: str = "registry.example:5000/shop/api",
) -> Built:
    """Build with the defaults of these tests."""
    return build(
        url=str(url),
        revision=revision,
        layout=layout,
        name=name,
        entrypoint=entrypoint,
        dockerfile=dockerfile,
        log=log,
    )


def ran(image: Runnable, *, extra: dict[str, str] | None = None) -> str:
    """What the image's command prints."""
    run = subprocess.run(
        image.argv, env=image.env | (extra or {}), cwd=image.cwd, capture_output=True, timeout=20, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode().strip()


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


def blob_of(layout: Path, digest: str) -> Path:
    """The path of a blob."""
    return layout / "blobs" / "sha256" / digest.removeprefix("sha256:")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python app.py $NAME", "app.py you"),
        ("MODE=x python app.py", "app.py"),
        ("cd sub && python ../app.py", "../app.py"),
    ],
)
def test_a_procfile_runs(repository: Path, tmp_path: Path, command: str, expected: str) -> None:
    """A Procfile's line runs as a shell would run it, with the running interpreter as ``python``."""
    program = "import sys; print(*sys.argv); print(sys.executable, file=sys.stderr)"
    sha = commit(repository, {"Procfile": f"web: {command}\n", "app.py": program, "sub/x": ""})
    digest = built(repository, sha, tmp_path / "layout").digest
    image = unpack(tmp_path / "layout", digest, tmp_path / "images")
    assert ran(image, extra={"NAME": "you"}) == expected
    assert image.env["PATH"].startswith(f"{Path(sys.executable).parent}:")


def test_a_simple_command_replaces_its_shell(repository: Path, tmp_path: Path) -> None:
    """The process that is started is the program itself, so that SIGTERM reaches it."""
    sha = commit(repository, {"app.py": "import os; print(os.getppid())"})
    digest = built(repository, sha, tmp_path / "layout", entrypoint="A=b python app.py").digest
    assert ran(unpack(tmp_path / "layout", digest, tmp_path / "images")) == str(os.getpid())


def test_the_entry_point_goes_first(repository: Path, tmp_path: Path) -> None:
    """GOOGLE_ENTRYPOINT wins over a Procfile."""
    sha = commit(repository, {"Procfile": "web: false"})
    digest = built(repository, sha, tmp_path / "layout", entrypoint="echo first").digest
    assert ran(unpack(tmp_path / "layout", digest, tmp_path / "images")) == "first"


def test_no_start_command_names_the_ways(repository: Path, tmp_path: Path) -> None:
    """Without any start command the build fails and says the three ways to give one."""
    sha = commit(repository, {"app.py": ""})
    with pytest.raises(BuildError) as caught:
        built(repository, sha, tmp_path / "layout")
    assert caught.value.kind == "USER_BUILD_STEP"
    assert all(way in caught.value.detail for way in ("GOOGLE_ENTRYPOINT", "Procfile", "Dockerfile"))


DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12
FROM python:${PYTHON} AS base
ENV HOME_OF=/srv GREETING="hello world"
WORKDIR $HOME_OF
FROM node:22 AS never
CMD npm start
FROM base
ARG WHO=you
ENV TO=${WHO} PYTHONPATH=/srv/lib
COPY requirements.txt .
RUN pip install \\
    # a comment in between
    -r requirements.txt && <<END cat
CMD not an instruction
END
COPY . .
EXPOSE 8080
USER nobody
ENTRYPOINT ["python", "/srv/app.py"]
CMD ["an argument"]
"""


def test_a_dockerfile_says_how_to_start(repository: Path, tmp_path: Path) -> None:
    """The last stage's exec forms, ENV and WORKDIR hold; what is not carried out is in the log."""
    program = (
        "import os, sys, greet\n"
        "print(greet.IT, os.environ['GREETING'], os.environ['TO'], sys.argv[1], os.getcwd())"
    )
    sha = commit(repository, {"Dockerfile": DOCKERFILE, "app.py": program, "lib/greet.py": "IT = 1"})
    lines: list[str] = []
    digest = built(repository, sha, tmp_path / "layout", dockerfile=True, log=lines.append).digest
    image = unpack(tmp_path / "layout", digest, tmp_path / "images")
    assert ran(image) == f"1 hello world you an argument {image.cwd}"
    assert image.cwd.name == "srv"
    told = [line for line in lines if line.startswith("Not carried out")]
    assert [line.split(": ")[1].split()[0] for line in told] == ["COPY", "RUN", "USER"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM x\nCMD python app.py", "shell form"),
        ('FROM x\nENTRYPOINT python\nCMD ["x"]', "shell form"),
        ("FROM x\nWORKDIR /app", "neither CMD nor ENTRYPOINT"),
        ('FROM x\nCMND ["a"]', "unknown instruction: CMND"),
        ("WORKDIR /x", "WORKDIR before its first FROM"),
        ("", "no FROM"),
        ("FROM", "without an image"),
        ('FROM x\nENV A="b', "cannot be read"),
        (None, "no Dockerfile"),
    ],
)
def test_a_dockerfile_that_cannot_be_used(
    repository: Path, tmp_path: Path, text: str | None, reason: str
) -> None:
    """A Dockerfile without a usable start fails the build with the reason."""
    sha = commit(repository, {"Dockerfile": text} if text is not None else {})
    with pytest.raises(BuildError, match=reason) as caught:
        built(repository, sha, tmp_path / "layout", dockerfile=True)
    assert caught.value.kind == "USER_BUILD_STEP"


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


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
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


@pytest.mark.parametrize(
    "revision", ["0" * 40, "no-such-branch", "", "--upload-pack=true", "main\n", "HEAD:Procfile"]
)
def test_a_revision_that_is_not_there(repository: Path, tmp_path: Path, revision: str) -> None:
    """A commit that the remote does not have, or no commit at all, is a failed fetch."""
    commit(repository, {"Procfile": "web: x"})
    with pytest.raises(BuildError) as caught:
        built(repository, revision, tmp_path / "layout")
    assert caught.value.kind == "FETCH_SOURCE_FAILED"
    assert caught.value.detail


@pytest.mark.parametrize("url", ["/no/such/repository", "http://127.0.0.1:9/x.git", "ext::true", "", "-x"])
def test_a_remote_that_is_not_there(url: str, tmp_path: Path) -> None:
    """A remote that cannot be read, or that would run a program, is a failed fetch."""
    with pytest.raises(BuildError) as caught:
        built(url, "main", tmp_path / "layout")
    assert caught.value.kind == "FETCH_SOURCE_FAILED"


def test_any_name_of_a_commit_will_do(repository: Path, tmp_path: Path) -> None:
    """Branch, tag, shortened SHA and a commit that no branch leads to directly all find their commit."""
    old = commit(repository, {"Procfile": "web: old"})
    git(repository, "tag", "-a", "v1", "-m", "one")
    new = commit(repository, {"Procfile": "web: new"})
    names = {"main": new, "v1": old, old[:9]: old, old: old}
    for name, sha in names.items():
        assert built(repository, name, tmp_path / "layout").commit == sha


def test_git_of_the_caller_is_left_out(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A GIT_DIR in the environment (a build started by a hook) does not point the build elsewhere."""
    sha = commit(repository, {"Procfile": "web: x"})
    monkeypatch.setenv("GIT_DIR", "/no/such/place")
    assert built(repository, sha, tmp_path / "layout").commit == sha


def test_a_repository_of_another_user(repository: Path, tmp_path: Path) -> None:
    """A repository that another user owns can be built (as long as root runs this: nobody else can give)."""
    sha = commit(repository, {"Procfile": "web: x"})
    for path in (repository, *repository.rglob("*")):
        owner = 12345 if os.getuid() == 0 else -1
        os.chown(path, owner, -1, follow_symlinks=False)
    assert built(repository, sha, tmp_path / "layout").commit == sha


def test_a_shallow_clone_can_be_built(repository: Path, tmp_path: Path) -> None:
    """A shallow clone, as CI makes them, is a remote like any other."""
    commit(repository, {"Procfile": "web: x"})
    sha = commit(repository, {"Procfile": "web: y"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", "shallow")
    assert built(tmp_path / "shallow", sha, tmp_path / "layout").commit == sha


def test_an_image_holds_what_a_clone_holds(repository: Path, tmp_path: Path) -> None:
    """Attributes for archives leave nothing out, links stay links, and programs stay executable."""
    (repository / "link").symlink_to("run.sh")
    (repository / "run.sh").write_text("#!/bin/sh\necho run")
    (repository / "run.sh").chmod(0o755)
    sha = commit(
        repository, {".gitattributes": "tests export-ignore\n", "tests/x": "", "Procfile": "web: ./link"}
    )
    image = unpack(
        tmp_path / "layout", built(repository, sha, tmp_path / "layout").digest, tmp_path / "images"
    )
    assert ran(image) == "run"
    assert (image.cwd / "link").is_symlink()
    assert (image.cwd / "tests" / "x").exists()


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


def test_a_store_that_cannot_be_written_is_a_failed_push(repository: Path, tmp_path: Path) -> None:
    """A layout that cannot be made is PUSH_FAILED."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BuildError) as caught:
        built(repository, commit(repository, {"Procfile": "web: x"}), tmp_path / "file" / "layout")
    assert caught.value.kind == "PUSH_FAILED"


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
