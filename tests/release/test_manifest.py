"""A service whose template comes from a Knative manifest."""

from __future__ import annotations

import pytest

from tests.release.shop import Shop

MANIFEST = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: {name}
  labels:
    team: shop
  annotations:
    run.googleapis.com/ingress: {ingress}
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/maxScale: "4"
    spec:
      containerConcurrency: 20
      timeoutSeconds: 30
      containers:
        - image: replaced
          env:
            - name: GREETING
              value: hello
          ports:
            - containerPort: 8080
"""


@pytest.fixture
def written(shop: Shop) -> Shop:
    """A shop with a manifest, released once."""
    say(shop, "all")
    config = shop.folder / "relman.toml"
    config.write_text(config.read_text(encoding="utf-8") + 'manifest = "service.yaml"\n', encoding="utf-8")
    shop.commit("feat: a manifest")
    ended = shop.run("release.cut")
    assert ended.code == 0, ended.out
    return shop


def say(shop: Shop, ingress: str, name: str = "") -> None:
    """Write the manifest."""
    text = MANIFEST.format(name=name or shop.name, ingress=ingress)
    (shop.folder / "service.yaml").write_text(text, encoding="utf-8")


def test_the_template_is_what_the_manifest_says(written: Shop) -> None:
    """Environment, concurrency, timeout and scaling arrive; the image is the one that was built."""
    template = written.live().template
    (container,) = template["containers"]
    assert {"name": "GREETING", "value": "hello"} in container["env"]
    assert (template["maxInstanceRequestConcurrency"], template["timeout"]) == (20, "30s")
    assert template["scaling"]["maxInstanceCount"] == 4
    assert "@sha256:" in container["image"]
    assert written.live().fields["labels"] == {"team": "shop"}


def test_a_changed_environment_is_a_release_with_its_own_revision(written: Shop) -> None:
    """Only the manifest changed: another template, another revision, the same way."""
    path = written.folder / "service.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("value: hello", "value: welcome"), encoding="utf-8"
    )
    written.commit("feat: greet better")
    ended = written.run("release.cut")
    assert ended.code == 0, ended.out
    assert {"name": "GREETING", "value": "welcome"} in written.live().template["containers"][0]["env"]


def test_what_a_release_does_not_change_is_refused_with_the_command_that_does(written: Shop) -> None:
    """Ingress is of the service: exit 3, gcloud's command, and nothing changed."""
    before = written.live()
    say(written, "internal")
    written.commit("feat: hide")
    ended = written.run("release.cut")
    assert ended.code == 3, ended.out
    assert f"gcloud run services update {written.name}" in ended.out
    assert "--ingress internal" in ended.out
    assert written.live() == before


def test_a_manifest_of_another_service_is_refused(written: Shop) -> None:
    """The name must be the service's."""
    say(written, "all", name="somebody-else")
    written.commit("feat: mix up")
    ended = written.run("release.cut")
    assert ended.code == 2, ended.out
    assert "somebody-else" in ended.out


def test_a_manifest_that_is_no_text_is_refused_before_the_build(written: Shop) -> None:
    """Exit 2, as for every file of the configuration."""
    builds = written.builds()
    (written.folder / "service.yaml").write_bytes(b"\xff\xfe\x00")
    written.commit("feat: garble")
    ended = written.run("release.cut")
    assert ended.code == 2, ended.out
    assert "UTF-8" in ended.out
    assert written.builds() == builds
