"""A client of the platform's registry, as plain as the specification. What it is not: skopeo."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import requests

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(data: bytes) -> str:
    """What content is named by."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Hub:
    """One registry."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.session = requests.Session()

    def close(self) -> None:
        """Let go of the connection."""
        self.session.close()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request below ``/v2/``, or to where an answer said."""
        url = f"{self.endpoint}{path if path.startswith('/') else f'/v2/{path}'}"
        return self.session.request(method, url, timeout=20, **more)

    def push_blob(self, name: str, data: bytes) -> str:
        """Push a blob in one piece; its digest."""
        begun = self.ask("POST", f"{name}/blobs/uploads/")
        assert begun.status_code == 202, begun.text
        ended = self.ask("PUT", begun.headers["location"], params={"digest": digest_of(data)}, data=data)
        assert ended.status_code == 201, ended.text
        return str(ended.headers["docker-content-digest"])

    def push(self, name: str, tag: str, *layers: bytes, config: dict[str, Any] | None = None) -> str:
        """Push an image; its digest."""
        settings = json.dumps({"architecture": "amd64", "os": "linux", "config": config or {}}).encode()
        described = [
            {"mediaType": kind, "digest": self.push_blob(name, data), "size": len(data)}
            for kind, data in ((CONFIG, settings), *((LAYER, layer) for layer in layers))
        ]
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described[0],
            "layers": described[1:],
        }
        put = self.put(name, tag, json.dumps(manifest).encode())
        assert put.status_code == 201, put.text
        return str(put.headers["docker-content-digest"])

    def put(self, name: str, reference: str, manifest: bytes, kind: str = MANIFEST) -> requests.Response:
        """Put a manifest."""
        headers = {"content-type": kind}
        return self.ask("PUT", f"{name}/manifests/{reference}", data=manifest, headers=headers)

    def copy(self, name: str, digest: str, to: str, tag: str) -> None:
        """Give an image that is there another name."""
        found = self.ask("GET", f"{name}/manifests/{digest}")
        assert found.status_code == 200, found.text
        assert self.put(to, tag, found.content, found.headers["content-type"]).status_code == 201

    def tags(self, name: str) -> list[str]:
        """The tags of a repository, none for an unknown one."""
        return list(self.ask("GET", f"{name}/tags/list").json().get("tags", []))


def code(answer: requests.Response) -> tuple[int, str]:
    """The HTTP status and the specification's code of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["code"]
