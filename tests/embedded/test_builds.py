"""Cloud Build over Google's own client: what the platform's builder makes of a commit, and of its folders."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.devtools import cloudbuild_v1

from tests.embedded import world
from tests.embedded.world import DOCKER, PACK, PLACE, World, page

Status = cloudbuild_v1.Build.Status
Failure = cloudbuild_v1.Build.FailureInfo.FailureType


def test_row_b1_the_operation_ends_with_the_build(platform: World) -> None:
    """Over the client's own polling, in no region and in one."""
    build = request(platform, "build", "eu/p1/api:v1")
    for place in ({"project_id": "p1"}, {"parent": PLACE}):
        begun: Any = platform.builds.create_build({"build": build, **place})
        assert begun.operation.name.startswith("operations/build/p1/" if "parent" not in place else PLACE)
        assert begun.result(timeout=20).status == Status.SUCCESS


def test_row_b2_an_entrypoint_of_the_buildpacks_is_the_start(platform: World) -> None:
    """``GOOGLE_ENTRYPOINT`` goes before the Procfile, so the digest is another."""
    args = ["build", "eu/p1/other:v1", "--builder", "b", "--env", "GOOGLE_ENTRYPOINT=python app.py --more"]
    build = platform.build(steps=[{"name": PACK, "args": args}], images=["eu/p1/other:v1"])
    assert build.status == Status.SUCCESS
    assert build.results.images[0].digest not in platform.image


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"steps": [{"name": "bash", "args": ["-c", "true"]}]}, Failure.USER_BUILD_STEP, "builder 'bash'"),
        (
            {"steps": [{"name": DOCKER, "args": ["build", "-t", "a", "sub"]}]},
            Failure.USER_BUILD_STEP,
            "context",
        ),
        (
            {"steps": [{"name": PACK, "args": ["build", "eu/p1/api:v1"], "dir_": "sub"}]},
            Failure.USER_BUILD_STEP,
            "git_source.dir",
        ),
        ({"images": ["eu/p1/none:v1"]}, Failure.USER_BUILD_STEP, "no step builds it"),
        ({"revision": "0" * 40}, Failure.FETCH_SOURCE_FAILED, "0000000"),
    ],
)
def test_row_b2_a_build_that_cannot_be_done_fails_with_its_reason(
    platform: World, fields: dict[str, Any], kind: int, sentence: str
) -> None:
    """Nothing is done by half."""
    revision = fields.pop("revision", None)
    if revision:
        fields = {"source": {"git_source": {"url": platform.repository.as_uri(), "revision": revision}}}
    build = platform.build(**fields)
    assert build.status == Status.FAILURE
    assert build.failure_info.type_ == kind
    assert sentence in build.failure_info.detail
    assert not build.results.images


@pytest.mark.parametrize("step", [PACK, DOCKER])
def test_a_folder_of_the_commit_is_built_where_the_source_says_dir(platform: World, step: str) -> None:
    """``git_source.dir``, also with spaces and more than ASCII; the build tells it with its commit."""
    source = beside(platform, "two words/ünï ☃")
    args = ["build", "eu/p1/folder:v1"] if step == PACK else ["build", "-t", "eu/p1/folder:v1", "."]
    more: dict[str, Any] = {"steps": [{"name": step, "args": args}], "images": ["eu/p1/folder:v1"]}
    first, second = platform.build(source=source, **more), platform.build(source=source, **more)
    assert first.status == Status.SUCCESS, first.status_detail
    assert first.results.images[0].digest == second.results.images[0].digest
    resolved = first.source_provenance.resolved_git_source
    assert (resolved.dir_, len(resolved.revision)) == ("two words/ünï ☃", 40)
    image = {"image": f"eu/p1/folder@{first.results.images[0].digest}"}
    name = f"folder-{step.rpartition('/')[2]}"
    platform.create(name, template={"containers": [image]})
    assert page(platform.service(name).uri)["K_SERVICE"] == name


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("absent ☃", "has no folder 'absent ☃'"),
        ("/two words", "'/two words' is not relative"),
        ("two words/../..", "leads outside"),
        ("out", "'out' leads outside"),
    ],
)
def test_a_folder_that_the_commit_does_not_have_fails_the_fetch(
    platform: World, folder: str, reason: str
) -> None:
    """FETCH_SOURCE_FAILED, and the reason names the folder."""
    build = platform.build(source=beside(platform, folder))
    assert (build.status, build.failure_info.type_) == (Status.FAILURE, Failure.FETCH_SOURCE_FAILED)
    assert reason in build.failure_info.detail


def test_a_build_without_steps_is_refused(platform: World) -> None:
    """INVALID_ARGUMENT, and no build is kept."""
    build = request(platform, "build", "x")
    del build["steps"]
    with pytest.raises(exceptions.BadRequest):
        platform.builds.create_build({"build": build, "project_id": "p1"})


def test_a_source_that_cannot_be_had_here_is_refused(platform: World) -> None:
    """A connected repository, and a remote that is none."""
    for source in ({"repo_source": {"repo_name": "x"}}, {"git_source": {"revision": "main"}}):
        build = request(platform, "build", "x") | {"source": source}
        with pytest.raises(exceptions.BadRequest, match="storage_source only"):
            platform.builds.create_build({"build": build, "project_id": "p1"})


def test_steps_may_fetch_what_the_build_does_not_bring(platform: World) -> None:
    """By git into the folder that the next step finds, or as docker's own context."""
    remote, image = platform.repository.as_uri(), "eu/p1/api:v1"
    clone = {"name": "gcr.io/cloud-builders/git", "args": ["clone", "--depth", "1", remote, "."]}
    pack = {"name": PACK, "args": ["build", image]}
    docker = {"name": DOCKER, "args": ["build", "-t", image, f"{remote}#HEAD"]}
    for steps in ([clone, pack], [docker]):
        build = platform.build(source=None, steps=steps)
        assert build.status == Status.SUCCESS, build.status_detail
    nothing = platform.build(source=None, steps=[pack])
    assert (nothing.status, nothing.failure_info.type_) == (Status.FAILURE, Failure.USER_BUILD_STEP)
    assert "no start command" in nothing.failure_info.detail
    other = clone | {"args": ["push", remote]}
    refused = platform.build(source=None, steps=[other, pack])
    assert "of git only 'clone URL .' can be done" in refused.failure_info.detail


def test_an_unknown_build_is_not_found(platform: World) -> None:
    """404."""
    with pytest.raises(exceptions.NotFound):
        platform.builds.get_build(project_id="p1", id="none")


def request(platform: World, *args: str) -> dict[str, Any]:
    """A build as a client asks for it."""
    sha = world.git(platform.repository, "rev-parse", "HEAD")
    source = {"git_source": {"url": platform.repository.as_uri(), "revision": sha}}
    return {"source": source, "steps": [{"name": PACK, "args": list(args)}], "images": [args[1]]}


def beside(platform: World, folder: str) -> dict[str, Any]:
    """A source with the app in ``two words/ünï ☃`` and a link to the outside; ``folder`` is asked for."""
    place = platform.state.parent / f"{platform.state.name}-folders"
    app = place / "two words" / "ünï ☃"
    if not place.exists():
        app.mkdir(parents=True)
        for name in ("app.py", "Procfile", "Dockerfile"):
            shutil.copy(platform.repository / name, app)
        (place / "out").symlink_to("..")
        world.git(place, "init", "-q", "-b", "main")
        world.git(place, "add", ".")
        world.git(place, "commit", "-q", "-m", "one")
    return {"git_source": {"url": place.as_uri(), "revision": "main", "dir_": folder}}
