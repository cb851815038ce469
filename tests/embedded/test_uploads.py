"""Sources that are uploaded, as gcloud does it, and logs that are read over TLS; all over plain HTTP."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
import requests
from google.cloud.devtools import cloudbuild_v1

from tests.embedded.world import PACK, World

Status = cloudbuild_v1.Build.Status
BUCKET = "p1_cloudbuild"


def test_an_uploaded_folder_is_built_and_the_same_files_give_the_same_digest(platform: World) -> None:
    """In one piece and in parts; a part that is sent twice counts once."""
    whole = multipart(platform, "one.tgz", archive(platform))
    content = archive(platform, mtime=5)
    there = resumable(platform, "two.tgz")
    middle, size = 100, len(content)
    for _ in range(2):
        answer = part(platform, there, content[:middle], f"bytes 0-{middle - 1}/{size}")
        assert (answer.status_code, answer.headers["range"]) == (308, f"bytes=0-{middle - 1}")
    assert part(platform, there, b"", f"bytes */{size}").headers["range"] == f"bytes=0-{middle - 1}"
    ended = part(platform, there, content[middle:], f"bytes {middle}-{size - 1}/{size}").json()
    assert (ended["name"], ended["size"]) == ("two.tgz", str(size))
    assert part(platform, there, b"", f"bytes */{size}").status_code == 404
    builds = [built(platform, one) for one in (whole, ended)]
    assert {one.status for one in builds} == {Status.SUCCESS}
    assert len({one.results.images[0].digest for one in builds}) == 1
    assert builds[0].source_provenance.resolved_storage_source.object_ == "one.tgz"


def test_a_generation_stays_what_it_was(platform: World) -> None:
    """A newer object of the same name changes nothing for a build of the older one."""
    older = multipart(platform, "again.tgz", archive(platform))
    newer = multipart(platform, "again.tgz", b"no tar")
    assert int(newer["generation"]) == int(older["generation"]) + 1
    assert built(platform, older).status == Status.SUCCESS
    broken = built(platform, newer)
    assert broken.failure_info.type_ == cloudbuild_v1.Build.FailureInfo.FailureType.FETCH_SOURCE_FAILED
    assert "no readable tar" in broken.failure_info.detail


def test_a_source_that_was_never_uploaded_fails_the_fetch(platform: World) -> None:
    """The reason names it."""
    build = built(platform, {"bucket": BUCKET, "name": "never.tgz", "generation": "0"})
    assert f"there is no source gs://{BUCKET}/never.tgz" in build.failure_info.detail


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("?uploadType=media&name=x", "text/plain", b"x"),
        ("?uploadType=multipart", "multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b\r\n\r\nx\r\n--b--"),
        ("?uploadType=resumable", "application/json", b"{"),
        ("?upload_id=none", "text/plain", b"x"),
    ],
)
def test_an_upload_that_cannot_be_is_refused(platform: World, path: str, kind: str, body: bytes) -> None:
    """In Google's envelope."""
    where = f"{platform.endpoint}/upload/storage/v1/b/{BUCKET}/o{path}"
    answer = requests.post(where, data=body, headers={"content-type": kind}, timeout=5)
    assert answer.json()["error"]["code"] == answer.status_code
    assert answer.status_code in {400, 404}


def test_a_log_is_read_over_tls_from_where_the_reader_has_got_to(platform: World) -> None:
    """As gcloud asks: by a tunnel through the port, in Google's name, under the platform's certificate."""
    build = platform.build()
    bucket = build.logs_bucket.removeprefix("gs://")
    where = f"https://storage.googleapis.com/{bucket}/log-{build.id}.txt"
    whole = secure(platform, where)
    assert f"as {build.results.images[0].digest}" in whole.text
    rest = secure(platform, where, range="bytes=10-")
    assert (rest.status_code, rest.content) == (206, whole.content[10:])
    size = len(whole.content)
    assert rest.headers["content-range"] == f"bytes 10-{size - 1}/{size}"
    assert secure(platform, where, range=f"bytes={size}-").status_code == 416
    assert secure(platform, where.replace(build.id, "0" * 36)).status_code == 404


def test_no_tunnel_leads_out(platform: World) -> None:
    """421 for any other host."""
    with pytest.raises(requests.exceptions.ProxyError, match="421"):
        secure(platform, "https://example.com/")


def resumable(platform: World, name: str) -> str:
    """Begin an upload in parts; where they go."""
    where = f"{platform.endpoint}/resumable/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable"
    return requests.post(where, json={"name": name}, timeout=5).headers["location"]


def part(platform: World, there: str, content: bytes, where: str) -> requests.Response:
    """The next part of an upload."""
    assert there.startswith(platform.endpoint)
    return requests.put(there, data=content, headers={"content-range": where}, timeout=5)


def multipart(platform: World, name: str, content: bytes) -> dict[str, Any]:
    """Upload in one piece, with the quotes that gcloud writes."""
    described = json.dumps({"name": name}).encode()
    body = b"--b\nContent-Type: application/json\n\n" + described + b"\n--b\nMIME-Version: 1.0\n\n" + content
    where = f"{platform.endpoint}/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart"
    kind = {"content-type": "multipart/related; boundary='b'"}
    found: dict[str, Any] = requests.post(where, data=body + b"\n--b--", headers=kind, timeout=5).json()
    return found


def archive(platform: World, mtime: int = 0) -> bytes:
    """The app as gcloud would pack it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path in sorted(platform.repository.glob("[!.]*")):
            member = tar.gettarinfo(path, path.name)
            member.mtime = mtime
            with path.open("rb") as file:
                tar.addfile(member, file)
    return packed.getvalue()


def built(platform: World, uploaded: dict[str, Any]) -> cloudbuild_v1.Build:
    """Build what was uploaded."""
    stored = {"bucket": BUCKET, "object_": uploaded["name"], "generation": int(uploaded["generation"])}
    steps = [{"name": PACK, "args": ["build", "eu/p1/api:up"]}]
    return platform.build(source={"storage_source": stored}, steps=steps, images=["eu/p1/api:up"])


def secure(platform: World, where: str, **headers: str) -> requests.Response:
    """Ask over TLS, through the port as a proxy."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": platform.endpoint}
        session.verify = str(platform.state / "tls.pem")
        return session.get(where, headers=headers, timeout=5)
