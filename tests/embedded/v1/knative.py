"""A v1 client as small as can be. What it is not: Google's; those have folders of their own."""

from __future__ import annotations

from typing import Any

import requests

from tests.embedded.world import World, until

HOST = "europe-west1-run.relman.internal"
REGION = "europe-west1"
Json = dict[str, Any]


class Knative:
    """Speaks v1 with the platform as ``gcloud`` does: through the port as a proxy, by the region's host."""

    def __init__(self, platform: World) -> None:
        """Nothing is asked yet."""
        self.platform = platform
        self.session = requests.Session()
        self.session.proxies = {"http": platform.endpoint}
        self.session.trust_env = False
        self.there = f"http://{HOST}/apis/serving.knative.dev/v1/namespaces/p1"

    def ask(self, verb: str, path: str, body: Json | None = None, **query: Any) -> tuple[int, Json]:
        """Status and JSON of one answer."""
        where = path if path.startswith("http") else f"{self.there}/{path}"
        answer = self.session.request(verb, where, json=body, params=query, timeout=35)
        return answer.status_code, answer.json()

    def said(self, verb: str, path: str, body: Json | None = None, **query: Any) -> Json:
        """The JSON of an answer that must be a good one."""
        status, found = self.ask(verb, path, body, **query)
        assert status == 200, found
        return found

    def refused(self, verb: str, path: str, body: Json | None = None, **query: Any) -> Json:
        """The error of an answer that must be a bad one."""
        status, found = self.ask(verb, path, body, **query)
        assert status == found["error"]["code"], found
        error: Json = found["error"]
        return error

    def service(self, called: str, /, **template: Any) -> Json:
        """A service as a file would have it."""
        container = {"image": self.platform.image} | template.pop("container", {})
        metadata = {key: template.pop(key) for key in ("name", "annotations", "labels") if key in template}
        spec = {"containers": [container]} | template
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": called, "namespace": "p1"},
            "spec": {"template": {"metadata": metadata, "spec": spec}},
        }

    def create(self, called: str, /, **template: Any) -> Json:
        """Create a service and wait until it is ready."""
        self.said("POST", "services", self.service(called, **template))
        return self.settled(called)

    def replace(self, wanted: Json) -> Json:
        """Replace a service and wait until it is settled."""
        name = wanted["metadata"]["name"]
        self.said("PUT", f"services/{name}", wanted)
        return self.settled(name)

    def settled(self, name: str) -> Json:
        """A service when nothing is under way."""
        found: Json = until(lambda: self._settled(self.said("GET", f"services/{name}")))
        return found

    def _settled(self, found: Json) -> Json | None:
        return found if ready(found)["status"] != "Unknown" else None


def ready(found: Json) -> Json:
    """The condition ``Ready``."""
    one: Json = next(one for one in found["status"]["conditions"] if one["type"] == "Ready")
    return one
