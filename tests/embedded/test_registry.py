"""The platform as a registry, as the OCI distribution specification has it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from relman.embedded.images import oci
from relman.embedded.images.layout import INDEX
from tests.embedded.pushing import MANIFEST, Hub, code, digest_of
from tests.embedded.world import PACK, World, page

DIGEST = "docker-content-digest"
NOTHING = f"sha256:{'0' * 64}"


@pytest.fixture
def hub(platform: World) -> Iterator[Hub]:
    """The shared platform's registry."""
    one = Hub(platform.endpoint)
    yield one
    one.close()


def test_what_is_built_is_in_the_registry(platform: World, hub: Hub) -> None:
    """A build's digest can be looked up and read, and its content has it; HEAD tells it without a body."""
    name, step = "eu/p1/shelf", {"name": PACK, "args": ["build", "eu/p1/shelf:v1", "--builder", "b"]}
    digest = platform.build(steps=[step], images=[f"{name}:v1"]).results.images[0].digest
    found = hub.ask("GET", f"{name}/manifests/{digest}")
    looked = hub.ask("HEAD", f"{name}/manifests/v1")
    assert digest_of(found.content) == digest == looked.headers["docker-content-digest"]
    assert found.headers["content-type"] == looked.headers["content-type"] == MANIFEST
    assert (looked.content, looked.headers["content-length"]) == (b"", str(len(found.content)))
    for layer in found.json()["layers"]:
        blob = hub.ask("GET", f"{name}/blobs/{layer['digest']}")
        assert (digest_of(blob.content), len(blob.content)) == (layer["digest"], layer["size"])


def test_a_part_of_a_blob_can_be_asked_for(hub: Hub) -> None:
    """From the front, from the end, from the middle; what lies behind the end is 416."""
    path = f"parts/blobs/{hub.push_blob('parts', b'0123456789')}"
    for asked, content, said in (
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
    ):
        part = hub.ask("GET", path, headers={"range": asked})
        assert (part.status_code, part.content, part.headers["content-range"]) == (206, content, said)
    behind = hub.ask("GET", path, headers={"range": "bytes=10-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, "bytes */10")
    whole = hub.ask("GET", path, headers={"range": "lines=1-2"})
    assert (whole.status_code, whole.content) == (200, b"0123456789")


def test_a_blob_comes_in_chunks(hub: Hub) -> None:
    """Each where the last one ended; another is told where that is, and nothing of it is taken."""
    where = hub.ask("POST", "chunks/blobs/uploads/").headers["location"]
    first = hub.ask("PATCH", where, data=b"01234", headers={"content-range": "0-4"})
    assert (first.status_code, first.headers["range"]) == (202, "0-4")
    again = hub.ask("PATCH", where, data=b"01234", headers={"content-range": "0-4"})
    assert code(again) == (416, "BLOB_UPLOAD_INVALID")
    state = hub.ask("GET", where)
    assert (state.status_code, state.headers["range"]) == (204, "0-4")
    assert hub.ask("PATCH", where, data=iter([b"5", b"67"])).headers["range"] == "0-7"
    digest = digest_of(b"0123456789")
    done = hub.ask("PUT", where, params={"digest": digest}, data=b"89", headers={"content-range": "8-9"})
    assert done.status_code == 201
    assert hub.ask("GET", done.headers["location"]).content == b"0123456789"
    assert code(hub.ask("GET", where)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_blob_comes_with_one_request_or_none(hub: Hub) -> None:
    """With the POST that would begin its upload, or mounted from where it is already."""
    digest = digest_of(b"at once")
    whole = hub.ask("POST", "once/blobs/uploads/", params={"digest": digest}, data=b"at once")
    assert (whole.status_code, whole.headers["docker-content-digest"]) == (201, digest)
    mounted = hub.ask("POST", "two/blobs/uploads/", params={"mount": digest, "from": "once"})
    assert (mounted.status_code, mounted.headers["location"]) == (201, f"/v2/two/blobs/{digest}")
    unknown = hub.ask("POST", "two/blobs/uploads/", params={"mount": NOTHING, "from": "once"})
    assert unknown.status_code == 202
    assert hub.ask("DELETE", unknown.headers["location"]).status_code == 204
    assert hub.ask("GET", unknown.headers["location"]).status_code == 404


def test_tags_and_repositories_are_listed_in_pages(hub: Hub) -> None:
    """By name; each page says where the next one is."""
    for tag in ("v3", "v1", "v2"):
        hub.push("listed/api", tag, b"layer")
    page = hub.ask("GET", "listed/api/tags/list", params={"n": 2})
    assert page.json() == {"name": "listed/api", "tags": ["v1", "v2"]}
    rest = hub.ask("GET", page.links["next"]["url"])
    assert (rest.json()["tags"], rest.links) == (["v3"], {})
    assert "listed/api" in hub.ask("GET", "_catalog").json()["repositories"]


def test_a_tag_is_dropped_alone_a_digest_with_all_its_tags(hub: Hub) -> None:
    """The image stays by its digest when its last tag goes, and in the other repositories when it goes."""
    digest = hub.push("drop/api", "v1", b"layer")
    hub.put("drop/api", "v2", hub.ask("GET", "drop/api/manifests/v1").content)
    hub.copy("drop/api", digest, "drop/other", "v1")
    assert hub.ask("DELETE", "drop/api/manifests/v1").status_code == 202
    assert hub.tags("drop/api") == ["v2"]
    assert hub.ask("DELETE", "drop/api/manifests/v2").status_code == 202
    assert hub.ask("HEAD", f"drop/api/manifests/{digest}").status_code == 200
    assert hub.ask("DELETE", f"drop/api/manifests/{digest}").status_code == 202
    assert hub.ask("HEAD", f"drop/api/manifests/{digest}").status_code == 404
    assert code(hub.ask("DELETE", f"drop/api/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")
    assert code(hub.ask("GET", "drop/api/tags/list")) == (404, "NAME_UNKNOWN")
    assert hub.ask("HEAD", "drop/other/manifests/v1").headers["docker-content-digest"] == digest


def test_a_tag_that_moves_leaves_its_old_image_there(hub: Hub) -> None:
    """By its digest, as it stays in Artifact Registry until somebody cleans up."""
    old = hub.push("moved/api", "v1", b"old")
    new = hub.push("moved/api", "v1", b"new")
    assert hub.ask("HEAD", "moved/api/manifests/v1").headers["docker-content-digest"] == new != old
    assert hub.ask("HEAD", f"moved/api/manifests/{old}").status_code == 200
    assert hub.tags("moved/api") == ["v1"]


def test_a_blob_that_an_image_has_is_not_deleted(hub: Hub) -> None:
    """One that none has is; then it is unknown."""
    hub.push("held/api", "v1", b"a held layer")
    held, loose = digest_of(b"a held layer"), hub.push_blob("held/api", b"loose")
    assert code(hub.ask("DELETE", f"held/api/blobs/{held}")) == (405, "UNSUPPORTED")
    assert hub.ask("DELETE", f"held/api/blobs/{loose}").status_code == 202
    assert code(hub.ask("DELETE", f"held/api/blobs/{loose}")) == (404, "BLOB_UNKNOWN")
    hub.ask("DELETE", f"held/api/manifests/{hub.ask('HEAD', 'held/api/manifests/v1').headers[DIGEST]}")
    assert hub.ask("DELETE", f"held/api/blobs/{held}").status_code == 202


def test_a_reader_keeps_what_is_deleted_meanwhile(platform: World, hub: Hub) -> None:
    """Who has begun to read a blob reads it to its end."""
    data = os.urandom(24 << 20)
    digest = hub.push("read/api", "v1", data)
    url = f"{platform.endpoint}/v2/read/api/blobs/{digest_of(data)}"
    with requests.get(url, stream=True, timeout=20) as answer:
        parts = answer.iter_content(1 << 16)
        begun = next(parts)
        assert hub.ask("DELETE", f"read/api/manifests/{digest}").status_code == 202
        assert hub.ask("DELETE", f"read/api/blobs/{digest_of(data)}").status_code == 202
        assert digest_of(begun + b"".join(parts)) == digest_of(data)
    assert requests.get(url, timeout=20).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "none/manifests/v1", (404, "MANIFEST_UNKNOWN")),
        ("GET", f"none/manifests/{NOTHING}", (404, "MANIFEST_UNKNOWN")),
        ("GET", f"none/blobs/{NOTHING}", (404, "BLOB_UNKNOWN")),
        ("GET", "none/blobs/..%2f..%2findex.json", (400, "DIGEST_INVALID")),
        ("GET", "none/blobs/sha256:..%2f..%2findex.json", (400, "DIGEST_INVALID")),
        ("GET", "None/manifests/v1", (400, "NAME_INVALID")),
        ("GET", f"{'a/' * 150}b/manifests/v1", (400, "NAME_INVALID")),
        ("DELETE", "none/manifests/v1", (404, "MANIFEST_UNKNOWN")),
        ("PATCH", "none/blobs/uploads/0123", (404, "BLOB_UPLOAD_UNKNOWN")),
        ("PUT", f"none/blobs/uploads/{'0' * 32}?digest={NOTHING}", (404, "BLOB_UPLOAD_UNKNOWN")),
        ("POST", "none/manifests/v1", (405, "UNSUPPORTED")),
        ("GET", "_catalog?n=many", (400, "UNSUPPORTED")),
    ],
)
def test_refusals_have_the_codes_of_the_specification(
    hub: Hub, method: str, path: str, expected: tuple[int, str]
) -> None:
    """Never a traceback, never a file that is no blob."""
    assert code(hub.ask(method, path, data=b"x" if method in {"PATCH", "PUT"} else None)) == expected


def test_of_an_index_the_image_for_this_machine_runs(platform: World, hub: Hub) -> None:
    """An image of several machines is one manifest that names others, which it then holds."""
    other = hub.push("many/api", "arm", b"of another machine")
    source, own = platform.image.split("@")
    hub.copy(source, own, "many/api", "own")
    machines = [(other, "riscv64"), (own, oci._architecture())]  # noqa: SLF001 - as this machine is called
    named = [
        {
            "mediaType": MANIFEST,
            "digest": digest,
            "size": 1,
            "platform": {"os": "linux", "architecture": machine},
        }
        for digest, machine in machines
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": named}).encode()
    assert hub.put("many/api", "v1", index, INDEX).status_code == 201
    template = platform.template("many-v1", image="many/api:v1")
    assert not platform.create("many-machines", template=template | {"revision": ""}).error.message
    assert code(hub.ask("DELETE", f"many/api/manifests/{own}")) == (405, "UNSUPPORTED")
    gone = hub.ask("DELETE", f"many/api/manifests/{digest_of(index)}")
    assert (gone.status_code, hub.tags("many/api")) == (202, ["arm", "own"])


def test_an_index_is_taken_in_with_its_images_only(hub: Hub) -> None:
    """From another repository they could be deleted; the index would name what is not there."""
    digest = hub.push("apart/one", "v1", b"of one machine")
    named = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}).encode()
    assert code(hub.put("apart/all", "v1", index, INDEX)) == (404, "MANIFEST_BLOB_UNKNOWN")
    hub.copy("apart/one", digest, "apart/all", digest)
    assert hub.put("apart/all", "v1", index, INDEX).status_code == 201
    assert hub.ask("DELETE", f"apart/one/manifests/{digest}").status_code == 202
    assert hub.ask("GET", f"apart/all/manifests/{digest}").status_code == 200


def test_what_is_no_image_is_not_taken_in(hub: Hub) -> None:
    """Content of another digest, a manifest of what is not there, of no kind, under another digest."""
    where = hub.ask("POST", "bad/blobs/uploads/").headers["location"]
    assert code(hub.ask("PUT", where, params={"digest": NOTHING}, data=b"x")) == (400, "DIGEST_INVALID")
    lacking = {"schemaVersion": 2, "config": {"digest": NOTHING}, "layers": []}
    assert code(hub.put("bad", "v1", json.dumps(lacking).encode())) == (404, "MANIFEST_BLOB_UNKNOWN")
    for body in (b"{}", b"no", b"[]", b'{"manifests": {}}', b'{"manifests": []}', b"[" * 5000, b"\xff"):
        assert code(hub.put("bad", "v1", body)) == (400, "MANIFEST_INVALID")
    assert code(hub.put("bad", "v1", b"{}", "text/plain")) == (400, "MANIFEST_INVALID")
    hub.push("good", "v1", b"layer")
    good = hub.ask("GET", "good/manifests/v1").content
    assert code(hub.put("good", NOTHING, good)) == (400, "DIGEST_INVALID")
    assert code(hub.put("good", "-v1", good)) == (400, "MANIFEST_INVALID")
    assert code(hub.ask("GET", "bad/tags/list")) == (404, "NAME_UNKNOWN")


def test_the_paths_of_cloud_run_stay_cloud_run_s(platform: World, hub: Hub) -> None:
    """Both begin with /v2/: a path's end tells whose it is, also for a repository called ``projects``."""
    assert hub.ask("GET", "/v2/").json() == {}
    service = hub.ask("GET", "projects/p1/locations/europe-west1/services/manifests")
    assert service.json()["error"]["status"] == "NOT_FOUND"
    hub.push("projects/p1/api", "v1", b"layer")
    assert hub.tags("projects/p1/api") == ["v1"]
    assert platform.services.list_services(parent="projects/p1/locations/nowhere").services == []


@pytest.mark.needs_program("skopeo", "umoci")
def test_an_image_built_elsewhere_is_brought_in_and_taken_out(platform: World, tmp_path: Path) -> None:
    """By skopeo, from and to an OCI layout; umoci unpacks what comes back, and the platform's own layout."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "greeting").write_text("hello")
    (tmp_path / "root" / "big").write_bytes(os.urandom(40 << 20))  # larger than a body that is kept in memory
    at = platform.endpoint.removeprefix("http://")
    there = f"docker://{at}/elsewhere/api:v1"
    run(tmp_path, "umoci init --layout one")
    run(tmp_path, "umoci new --image one:v1")
    run(tmp_path, "umoci insert --rootless --image one:v1 root /data")
    run(tmp_path, f"skopeo copy --dest-tls-verify=false oci:one:v1 {there}")
    found = json.loads(run(tmp_path, f"skopeo inspect --tls-verify=false {there}"))
    assert (found["RepoTags"], len(found["Layers"])) == (["v1"], 1)
    run(tmp_path, f"skopeo copy --src-tls-verify=false {there} oci:two:v1")
    run(tmp_path, "umoci unpack --rootless --image two:v1 unpacked")
    assert (tmp_path / "unpacked/rootfs/data/greeting").read_text() == "hello"
    run(tmp_path, f"umoci unpack --rootless --image {platform.state}/images:elsewhere/api:v1 own")
    assert (tmp_path / "own/rootfs/data/big").stat().st_size == 40 << 20
    run(
        tmp_path,
        f"skopeo copy --format v2s2 --dest-tls-verify=false oci:one:v1 docker://{at}/elsewhere/docker:v1",
    )
    run(tmp_path, f"skopeo delete --tls-verify=false {there}")
    gone = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", there], check=False, capture_output=True
    )
    assert re.search(rb"manifest unknown", gone.stderr)


@pytest.mark.needs_program("skopeo", "umoci")
def test_an_image_built_elsewhere_is_deployed(platform: World, tmp_path: Path) -> None:
    """With what its configuration says: entry point, arguments, variables, working directory."""
    (tmp_path / "app").mkdir()
    shutil.copy(Path(__file__).with_name("app.py"), tmp_path / "app")
    run(tmp_path, "umoci init --layout one")
    run(tmp_path, "umoci new --image one:v1")
    run(tmp_path, "umoci insert --rootless --image one:v1 app /srv")
    starts = (
        "--config.entrypoint python --config.cmd /srv/app.py --config.env FROM=umoci --config.workingdir /srv"
    )
    run(tmp_path, f"umoci config --image one:v1 {starts}")
    there = f"{platform.endpoint.removeprefix('http://')}/elsewhere/run:v1"
    run(tmp_path, f"skopeo copy --dest-tls-verify=false oci:one:v1 docker://{there}")
    template = platform.template("umoci-v1", image=there)
    assert not platform.create("umoci", template=template).error.message
    assert page(platform.service("umoci").uri)["FROM"] == "umoci"


def run(where: Path, line: str) -> str:
    """What a program prints."""
    done = subprocess.run(line.split(), cwd=where, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
