"""Rows B1 to B7: Cloud Build, from a commit to an image."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud.devtools import cloudbuild_v1

from tests.conformance.clients import Refused
from tests.conformance.rows import differs, only_here, row
from tests.conformance.world import World
from tests.embedded.world import DOCKER, PACK, until

Status = cloudbuild_v1.Build.Status
Failure = cloudbuild_v1.Build.FailureInfo.FailureType
IMAGE = "eu/p1/conformance:v1"
COSTS = "a build costs minutes, and its source would have to be on a remote that Google can reach"


def request(world: World, image: str = IMAGE, **fields: Any) -> dict[str, Any]:
    """A build of the suite's app as a client asks for it."""
    return {
        "source": {"git_source": {"url": world.place.repository, "revision": "main"}},
        "steps": [{"name": PACK, "args": ["build", image, "--builder", "b"]}],
        "images": [image],
    } | fields


def begin(world: World, build: dict[str, Any], **where: str) -> str:
    """Ask for a build, and do not wait; its whole name."""
    place = where or {"project_id": world.place.project}
    operation = world.ask("builds", "CreateBuild", build=build, **place)
    metadata = cloudbuild_v1.BuildOperationMetadata.deserialize(operation.metadata.value)
    return str(metadata.build.name)


def found(world: World, name: str) -> cloudbuild_v1.Build:
    """A build as it stands."""
    build: cloudbuild_v1.Build = world.ask("builds", "GetBuild", name=name)
    return build


def ended(world: World, name: str) -> cloudbuild_v1.Build:
    """A build when it has ended."""
    under_way = {Status.PENDING, Status.QUEUED, Status.WORKING}
    build: cloudbuild_v1.Build = until(
        lambda: one if (one := found(world, name)).status not in under_way else None, 60
    )
    return build


def built(world: World, **fields: Any) -> cloudbuild_v1.Build:
    """Build, and wait."""
    return ended(world, begin(world, request(world, **fields)))


@pytest.fixture(scope="module")
def mute() -> Iterator[str]:
    """A git remote that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"git://127.0.0.1:{server.getsockname()[1]}/x.git"


def hanging(world: World, mute: str, **fields: Any) -> dict[str, Any]:
    """A build whose source never comes."""
    return request(world, source={"git_source": {"url": mute, "revision": "main"}}, **fields)


@row("B1", source="cloudbuild http rules; three clients", sure="observed")
@only_here(COSTS)
def test_row_b1_a_build_is_an_operation_of_no_region(world: World) -> None:
    """A build of no region is the operation `operations/build/PROJECT/` and its id in base64.

    Its metadata has the build; its answer is the build when it has ended.
    """
    project = world.place.project
    operation = world.ask("builds", "CreateBuild", project_id=project, build=request(world))
    metadata = cloudbuild_v1.BuildOperationMetadata.deserialize(operation.metadata.value)
    told = operation.name.removeprefix(f"operations/build/{project}/")
    assert base64.urlsafe_b64decode(told).decode() == metadata.build.id
    assert metadata.build.name == f"projects/{project}/locations/global/builds/{metadata.build.id}"
    assert ended(world, metadata.build.name).status == Status.SUCCESS
    if world.wire == "rest":  # the client of services has no path for such a name
        assert world.http("GET", f"/v1/{operation.name}").json()["response"]["status"] == "SUCCESS"
    else:
        answer = world.ask("operations", "GetOperation", name=operation.name)
        assert cloudbuild_v1.Build.deserialize(answer.response.value).status == Status.SUCCESS


@row("B1", source="cloudbuild http rules")
@only_here(COSTS)
def test_row_b1_a_build_may_be_in_a_region(world: World) -> None:
    """A build of a region is called after it, and so is its operation."""
    parent = world.place.parent
    operation = world.ask("builds", "CreateBuild", parent=parent, build=request(world))
    assert operation.name.startswith(f"{parent}/operations/")
    metadata = cloudbuild_v1.BuildOperationMetadata.deserialize(operation.metadata.value)
    assert metadata.build.name.startswith(f"{parent}/builds/")
    assert ended(world, metadata.build.name).status == Status.SUCCESS


@row("B2", source="cloudbuild.proto")
@only_here(COSTS)
def test_row_b2_a_build_that_succeeds_tells_its_steps(world: World) -> None:
    """A build goes from QUEUED over WORKING to SUCCESS; each step has its status, times and exit code."""
    build = built(world)
    assert build.status == Status.SUCCESS, build.status_detail
    assert build.create_time <= build.start_time <= build.finish_time
    step = build.steps[0]
    assert (step.status, step.exit_code) == (Status.SUCCESS, 0)
    assert step.timing.start_time <= step.timing.end_time


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"steps": [{"name": "bash", "args": ["-c", "true"]}]}, Failure.USER_BUILD_STEP, "builder 'bash'"),
        ({"images": ["eu/p1/none:v1"]}, Failure.USER_BUILD_STEP, "no step builds it"),
        ({"source": {"git_source": {"revision": "0" * 40}}}, Failure.FETCH_SOURCE_FAILED, "0000000"),
    ],
)
@row("B2", source="cloudbuild.proto")
@only_here(COSTS)
@differs(
    "Steps are not interpreted: one `docker build` or one buildpacks build is recognised and done by the "
    "platform's own builder; any other step is FAILURE, with the reason."
)
def test_row_b2_a_build_that_fails_says_why(
    world: World, fields: dict[str, Any], kind: int, sentence: str
) -> None:
    """A build that cannot be done is FAILURE with `failure_info`, and has no image."""
    if source := fields.get("source"):
        git = {"url": world.place.repository} | source["git_source"]
        fields = {"source": {"git_source": git}}
    build = built(world, **fields)
    assert build.status == Status.FAILURE
    assert build.failure_info.type_ == kind
    assert sentence in build.failure_info.detail
    assert not build.results.images


@row("B2", source="cloudbuild.proto")
@only_here(COSTS)
def test_row_b2_a_build_can_be_cancelled(world: World, mute: str) -> None:
    """A build that is under way can be cancelled; one that has ended cannot."""
    name = begin(world, hanging(world, mute))
    project, build_id = world.place.project, name.rpartition("/")[2]
    until(lambda: found(world, name).status == Status.WORKING)
    world.ask("builds", "CancelBuild", project_id=project, id=build_id)
    assert ended(world, name).status == Status.CANCELLED
    with pytest.raises(Refused) as error:
        world.ask("builds", "CancelBuild", name=name)
    assert error.value.status == "FAILED_PRECONDITION"


@row("B3", source="cloudbuild.proto")
@only_here(COSTS)
@differs(
    "`build_step_images` are digests of the builders' names: the platform's builder has no image, and "
    "`build_step_outputs` are empty."
)
def test_row_b3_a_build_tells_its_images(world: World) -> None:
    """Each image that the build lists is a result with its digest and the time of its push.

    Beside them stand the digest of each step's builder and what each step wrote.
    """
    build = built(world)
    image = build.results.images[0]
    assert (image.name, image.digest[:7], len(image.digest)) == (IMAGE, "sha256:", 71)
    assert image.push_timing.end_time
    assert [one[:7] for one in build.results.build_step_images] == ["sha256:"]
    assert list(build.results.build_step_outputs) == [b""]


@row("B4", source="cloudbuild.proto")
@only_here(COSTS)
def test_row_b4_a_build_of_a_branch_tells_the_commit(world: World) -> None:
    """`git_source` takes any remote and a branch, tag or commit; the provenance has the whole commit.

    The same commit and steps give the same digest.
    """
    first, second = built(world), built(world)
    assert len(first.source_provenance.resolved_git_source.revision) == 40
    assert first.results.images[0].digest == second.results.images[0].digest


@row("B4", source="building/build-containers")
@only_here(COSTS)
@differs(
    "Of a Dockerfile only what says how to start is carried out; requirements are installed by pip and npm."
)
def test_row_b4_a_dockerfile_is_built(world: World) -> None:
    """A commit with a Dockerfile is built by the step `docker build`."""
    build = built(world, steps=[{"name": DOCKER, "args": ["build", "-t", IMAGE, "."]}])
    assert build.status == Status.SUCCESS, build.status_detail


@row("B4", source="cloudbuild.proto")
@only_here(COSTS)
def test_row_b4_an_archive_that_is_not_there_fails_the_fetch(world: World) -> None:
    """`storage_source` takes an archive in Cloud Storage; one that is not there is FETCH_SOURCE_FAILED."""
    build = built(world, source={"storage_source": {"bucket": "none", "object_": "source.tgz"}})
    assert (build.status, build.failure_info.type_) == (Status.FAILURE, Failure.FETCH_SOURCE_FAILED)


@pytest.mark.parametrize("source", [{"git_source": {"revision": "x"}}, {"repo_source": {"repo_name": "r"}}])
@row("B4", source="cloudbuild.proto", sure="unverified", note="the platform's own sentence")
@only_here("Google has Cloud Source Repositories and connected ones")
@differs(
    "There are no Cloud Source Repositories: a source is a git remote, or an archive that gcloud uploads."
)
def test_row_b4_another_source_is_refused(world: World, source: dict[str, Any]) -> None:
    """A source that cannot be had is INVALID_ARGUMENT when the build is created."""
    with pytest.raises(Refused, match="git_source") as error:
        begin(world, request(world, source=source))
    assert error.value.status == "INVALID_ARGUMENT"


@row("B5", source="substitute-variable-values")
@only_here(COSTS)
def test_row_b5_variables_stand_for_their_values(world: World) -> None:
    """Variables in steps and images are put in: the client's own begin with `_`, `$$` is a dollar sign."""
    image = "eu/$PROJECT_ID/api:${_VERSION}-$LOCATION$TAG_NAME"
    build = built(world, image=image, substitutions={"_VERSION": "1"})
    assert build.status == Status.SUCCESS, build.status_detail
    assert build.results.images[0].name == f"eu/{world.place.project}/api:1-global"


MISMATCHED = [
    ("eu/p1/a:$VERSION", {}, 'key in the template "VERSION" is not a valid built-in substitution'),
    ("eu/p1/a:$_VERSION", {}, 'key in the template "_VERSION" is not matched in the substitution data'),
    (IMAGE, {"_VERSION": "1"}, 'key "_VERSION" in the substitution data is not matched in the template'),
    (IMAGE, {"VERSION": "1"}, 'substitution key "VERSION" does not respect format "^_[A-Z0-9_]+$"'),
]


@pytest.mark.parametrize(("image", "values", "sentence"), MISMATCHED)
@row("B5", source="cortex-data-foundation #21; trillian-examples #629; website #6392", sure="observed")
@only_here("the source of these builds is a folder of this machine")
def test_row_b5_variables_must_match(world: World, image: str, values: dict[str, str], sentence: str) -> None:
    """A variable without a value, a value without a variable, or a bad name: INVALID_ARGUMENT."""
    with pytest.raises(Refused) as error:
        begin(world, request(world, image=image, substitutions=values))
    assert error.value.status == "INVALID_ARGUMENT"
    assert sentence in error.value.message


@row("B5", source="substitute-variable-values")
@only_here(COSTS)
def test_row_b5_allow_loose_lets_them_not_match(world: World) -> None:
    """With the option `ALLOW_LOOSE` a variable without a value is empty, and a value may be unused."""
    loose = cloudbuild_v1.BuildOptions.SubstitutionOption.ALLOW_LOOSE
    values, options = {"_UNUSED": "1"}, {"substitution_option": loose}
    build = built(world, image="eu/p1/a:v1$_NOTHING", substitutions=values, options=options)
    assert build.results.images[0].name == "eu/p1/a:v1"


@row("B6", source="cloudbuild.proto")
@only_here(COSTS)
@differs("`log_url` is a file of this machine; what lies in the logs bucket on Google is that file.")
def test_row_b6_a_build_tells_its_limits_and_its_log(world: World) -> None:
    """Unless it is told otherwise a build has an hour, and as long to wait for its turn.

    Its log is the object `log-ID.txt` of the logs bucket.
    """
    build = built(world)
    assert (build.timeout.seconds, build.queue_ttl.seconds) == (3600, 3600)
    assert build.logs_bucket.startswith("gs://")
    assert build.log_url.endswith(f"/log-{build.id}.txt")


@row("B6", source="cloudbuild.proto", wires=("rest",))
@only_here(COSTS)
def test_row_b6_a_build_that_takes_too_long_ends_with_timeout(world: World, mute: str) -> None:
    """A build that is not done in its `timeout` is TIMEOUT."""
    build = ended(world, begin(world, hanging(world, mute, timeout={"seconds": 1})))
    assert build.status == Status.TIMEOUT
    assert build.finish_time >= build.start_time


@row("B6", source="cloudbuild.proto", wires=("rest",))
@only_here(COSTS)
@differs("Two builds run at a time; on Google that is a quota of the project.")
def test_row_b6_a_build_that_waits_too_long_expires(world: World, mute: str) -> None:
    """A build whose turn does not come in its `queue_ttl` is EXPIRED."""
    running = [begin(world, hanging(world, mute)) for _ in range(2)]
    late = begin(world, request(world, queue_ttl={"seconds": 1}))
    try:
        assert ended(world, late).status == Status.EXPIRED
    finally:
        for name in running:
            world.ask("builds", "CancelBuild", name=name)


@row("B7", source="securing-builds", wires=("rest",))
@only_here(COSTS)
@differs("No provenance is made. Google makes SLSA provenance for what goes to Artifact Registry only.")
def test_row_b7_only_images_that_are_listed_are_results(world: World) -> None:
    """An image is told, and may have provenance, only if it stands in `images`; do not count on that."""
    build = built(world, images=[])
    assert build.status == Status.SUCCESS, build.status_detail
    assert not build.results.images


@row(
    "U9", source="view-build-results", wires=("grpc", "rest"), sure="unverified", note="equality and AND only"
)
@only_here(COSTS)
@differs("The filter of builds knows `=` and AND over tags, status and id; the rest is refused, not ignored.")
def test_row_u9_builds_are_listed_by_filter_in_pages(world: World) -> None:
    """Builds are listed newest first, by a filter, in pages; what the filter does not know is refused."""
    tag = world.name()
    names = [built(world, tags=[tag]).name for _ in range(2)]
    project = world.place.project
    asked = {"project_id": project, "filter": f'tags="{tag}" AND status="SUCCESS"', "page_size": 1}
    first = world.ask("builds", "ListBuilds", **asked)
    second = world.ask("builds", "ListBuilds", **asked, page_token=first.next_page_token)
    assert [one.name for page in (first, second) for one in page.builds] == names[::-1]
    for wrong in ({"filter": "nonsense"}, {"filter": "a=b"}, {"page_token": "nonsense"}):
        with pytest.raises(Refused) as error:
            world.ask("builds", "ListBuilds", project_id=project, **wrong)
        assert error.value.status == "INVALID_ARGUMENT"
