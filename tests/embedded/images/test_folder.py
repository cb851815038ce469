"""One folder of a commit, built as if it were all there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from relman.embedded.images.oci import BuildError, Runnable, unpack

from .builds import built, commit, git, ran
from .test_oci import package


@pytest.fixture
def several(repository: Path) -> Path:
    """A repository with a service at its top and others in folders, and with links."""
    commit(repository, {"Procfile": "web: echo top", "app.py": "", "api/Procfile": "web: echo api"})
    commit(repository, {"two words/ünï ☃/Procfile": "web: echo snow", "a/b/Procfile": "web: echo b"})
    (repository / "link").symlink_to("a/b")
    (repository / "out").symlink_to("..")
    (repository / "round").symlink_to("round")
    (repository / "nowhere").symlink_to("absent")
    (repository / "machine").symlink_to("/usr")
    commit(repository, {"api/only.txt": "here"})
    return repository


def image(repository: Path, folder: str, tmp_path: Path, *, dockerfile: bool = False) -> Runnable:
    """The unpacked image of a folder."""
    layout = tmp_path / "layout"
    digest = built(repository, "main", layout, folder=folder, dockerfile=dockerfile).digest
    return unpack(layout, digest, tmp_path / "images")


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "top"),
        (".", "top"),
        ("api", "api"),
        ("./api/", "api"),
        ("a/../api", "api"),
        ("two words/ünï ☃", "snow"),
        ("a/b", "b"),
        ("link", "b"),
    ],
)
def test_a_folder_starts_as_it_says_itself(several: Path, tmp_path: Path, folder: str, said: str) -> None:
    """The folder's own Procfile is read, whatever the folder's name, also through a link inside."""
    assert ran(image(several, folder, tmp_path)) == said


def test_an_image_holds_its_folder_only(several: Path, tmp_path: Path) -> None:
    """Nothing of the rest of the commit is in it, and what links there leads nowhere."""
    (several / "api" / "beside").symlink_to("../app.py")
    git(several, "add", "-A")
    git(several, "commit", "-q", "-m", "a link")
    found = image(several, "api", tmp_path)
    assert sorted(path.name for path in found.cwd.iterdir()) == ["Procfile", "beside", "only.txt"]
    assert not (found.cwd / "beside").exists()


def test_a_folder_has_a_dockerfile_and_requirements_of_its_own(repository: Path, tmp_path: Path) -> None:
    """Those at the top of the commit play no part."""
    wheel = "wheels/greeting-1.0-py3-none-any.whl"
    files = package(repository) | {"Dockerfile": "FROM python\nCMD top"}
    (repository / "my api" / "wheels").mkdir(parents=True)
    (repository / wheel).rename(repository / "my api" / wheel)
    own = {
        "my api/Dockerfile": 'FROM python\nWORKDIR /app\nCOPY . .\nCMD ["greet"]\n',
        "my api/requirements.txt": files["requirements.txt"],
        "requirements.txt": "this is no requirement",
    }
    commit(repository, files | own)
    assert ran(image(repository, "my api", tmp_path, dockerfile=True)) == "from a package"


def test_a_folder_does_not_reach_the_rest_of_the_commit(repository: Path, tmp_path: Path) -> None:
    """Requirements beside the folder are not there, as they are not in the context of a real builder."""
    commit(
        repository, {"common.txt": "", "api/requirements.txt": "-r ../common.txt", "api/Procfile": "web: x"}
    )
    with pytest.raises(BuildError, match=r"common\.txt") as caught:
        built(repository, "main", tmp_path / "layout", folder="api")
    assert caught.value.kind == "USER_BUILD_STEP"


def test_two_clones_give_one_digest_of_a_folder(several: Path, tmp_path: Path) -> None:
    """However the folder is spelled; another folder of the commit is another image."""
    git(tmp_path, "clone", "-q", str(several), "other")
    one = built(several, "main", tmp_path / "layout", folder="a/b")
    for spelled in ("a/b/", "./a//b", "link"):
        assert built(tmp_path / "other", "main", tmp_path / "layout2", folder=spelled) == one
    assert built(several, "main", tmp_path / "layout", folder="api").digest != one.digest


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("absent", "has no folder 'absent'"),
        ("Api", "has no folder 'Api'"),
        ("absent/..", "has no folder"),
        ("app.py", "has no folder"),
        ("app.py/x", "has no folder"),
        ("nowhere", "has no folder"),
        ("round", "has no folder"),
        ("x" * 5000, "has no folder"),
        ("a\0b", "has no folder"),
        (" ", "has no folder"),
        ("/", "not relative to the root"),
        ("/api", "not relative to the root"),
        ("..", "leads outside"),
        ("../tree/api", "leads outside"),
        ("api/../../tree/api", "leads outside"),
        ("link/../../api", "leads outside"),
        ("out", "leads outside"),
        ("out/tree/../..", "leads outside"),
        ("machine/lib", "leads outside"),
    ],
)
def test_a_folder_that_is_not_in_the_commit(several: Path, tmp_path: Path, folder: str, reason: str) -> None:
    """Not there, no folder, or outside: a failed fetch that says which."""
    with pytest.raises(BuildError) as caught:
        built(several, "main", tmp_path / "layout", folder=folder)
    assert caught.value.kind == "FETCH_SOURCE_FAILED"
    assert reason in caught.value.detail
