"""What v1 says in annotations, and v2 in fields of its own: ingress, scaling, network, CPU, SQL.

What it is not: a list of everything that Cloud Run knows. What is not here stays unread, and so is
refused by name.

Source: https://cloud.google.com/run/docs/reference/yaml/v1
"""

from __future__ import annotations

from typing import Any

from relman.manifest.containers import Extras, said
from relman.manifest.document import Section

RUN = "run.googleapis.com"
SCALE = "autoscaling.knative.dev"
RESERVED = (RUN, "cloud.googleapis.com", "serving.knative.dev", SCALE, "client.knative.dev", "relman.dev")
"""Namespaces that API v2 refuses in labels and annotations, gcloud's own, and ours."""
WRITTEN = (
    f"{RUN}/client-name",
    f"{RUN}/client-version",
    f"{RUN}/ingress-status",
    f"{RUN}/operation-id",
    f"{RUN}/urls",
    f"{RUN}/startupProbeType",
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
    "client.knative.dev/user-image",
    "client.knative.dev/nonce",
    "cloud.googleapis.com/location",
)
"""What an exported manifest carries because Cloud Run or gcloud wrote it; it configures nothing."""
INGRESS = {
    "all": "INGRESS_TRAFFIC_ALL",
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}
STAGES = {name: name for name in ("ALPHA", "BETA", "GA")}
EGRESS = {"all-traffic": "ALL_TRAFFIC", "all": "ALL_TRAFFIC", "private-ranges-only": "PRIVATE_RANGES_ONLY"}
GENERATIONS = {f"gen{number}": f"EXECUTION_ENVIRONMENT_GEN{number}" for number in (1, 2)}
SQL = {"name": "cloudsql", "mountPath": "/cloudsql"}


def of_service(metadata: Section) -> dict[str, Any]:
    """The fields that the service itself has, from its metadata."""
    annotations = metadata.section("annotations")
    return said(
        description=annotations.text(f"{RUN}/description"),
        ingress=annotations.choice(f"{RUN}/ingress", INGRESS),
        launchStage=annotations.choice(f"{RUN}/launch-stage", STAGES),
        scaling=said(
            minInstanceCount=annotations.digits(f"{RUN}/minScale"),
            maxInstanceCount=annotations.digits(f"{RUN}/maxScale"),
            scalingMode=annotations.choice(
                f"{RUN}/scalingMode", {"automatic": "AUTOMATIC", "manual": "MANUAL"}
            ),
            manualInstanceCount=annotations.digits(f"{RUN}/manualInstanceCount"),
        ),
        labels=owned(metadata.section("labels")),
        annotations=owned(annotations),
    )


def of_template(annotations: Section) -> dict[str, Any]:
    """The template's fields that v1 keeps in its annotations."""
    return said(
        scaling=said(
            minInstanceCount=annotations.digits(f"{SCALE}/minScale"),
            maxInstanceCount=annotations.digits(f"{SCALE}/maxScale"),
        ),
        vpcAccess=_network(annotations),
        executionEnvironment=annotations.choice(f"{RUN}/execution-environment", GENERATIONS),
    )


def extras(annotations: Section) -> tuple[Extras, list[dict[str, Any]]]:
    """What annotations say of the containers, and the volumes that they ask for."""
    instances = _words(annotations, f"{RUN}/cloudsql-instances")
    volumes = [{"name": SQL["name"], "cloudSqlInstance": {"instances": instances}}] if instances else []
    cpu = {
        "cpuIdle": annotations.switch(f"{RUN}/cpu-throttling"),
        "startupCpuBoost": annotations.switch(f"{RUN}/startup-cpu-boost"),
    }
    more = Extras(
        cpu={name: value for name, value in cpu.items() if value is not None},
        aliases=_aliases(annotations),
        dependencies=_dependencies(annotations),
        mounts=[SQL] if instances else [],
    )
    return more, volumes


def owned(section: Section) -> dict[str, str]:
    """The team's own labels or annotations; of the reserved namespaces none, and v2 takes none."""
    for key in WRITTEN:
        section.ignore(key, "Cloud Run or gcloud wrote it, and it configures nothing")
    keys = [key for key in section.left if not _reserved(key)]
    return {key: section.text(key) or "" for key in keys}


def _reserved(key: str) -> bool:
    namespace = key.partition("/")[0]
    return any(namespace == one or namespace.endswith(f".{one}") for one in RESERVED)


def _network(annotations: Section) -> dict[str, Any]:
    """A connector or network interfaces, and which traffic goes there."""
    connector = annotations.text(f"{RUN}/vpc-access-connector")
    if connector and not connector.startswith("projects/"):
        wanted = "API v2 needs it in full: projects/PROJECT/locations/REGION/connectors/NAME"
        raise annotations.error(f"{RUN}/vpc-access-connector", wanted)
    interfaces = _interfaces(annotations)
    egress = annotations.choice(f"{RUN}/vpc-access-egress", EGRESS)
    if egress and not (connector or interfaces):
        raise annotations.error(f"{RUN}/vpc-access-egress", "there is no network that it could mean")
    return said(connector=connector, networkInterfaces=interfaces, egress=egress)


def _interfaces(annotations: Section) -> list[dict[str, Any]]:
    key = f"{RUN}/network-interfaces"
    found = annotations.parsed(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise annotations.error(key, "expected a JSON list of interfaces")
    opened = [annotations.document.opened((*annotations.path, key, n), one) for n, one in enumerate(found)]
    return [
        said(network=one.text("network"), subnetwork=one.text("subnetwork"), tags=one.texts("tags"))
        for one in opened
    ]


def _dependencies(annotations: Section) -> dict[str, list[str]]:
    """``{"app": ["proxy"]}``: the proxy starts first."""
    key = f"{RUN}/container-dependencies"
    found = annotations.parsed(key)
    if found is None:
        return {}
    section = annotations.document.opened((*annotations.path, key), found)
    return {name: section.texts(name) for name in list(section.left)}


def _aliases(annotations: Section) -> dict[str, str]:
    """``alias:projects/1234/secrets/name,…``: v1's names for the secrets of other projects."""
    key = f"{RUN}/secrets"
    pairs = [one.partition(":") for one in _words(annotations, key)]
    if any(not (alias and name.startswith("projects/")) for alias, _, name in pairs):
        raise annotations.error(key, "expected 'ALIAS:projects/PROJECT/secrets/NAME', several with commas")
    return {alias: name for alias, _, name in pairs}


def _words(annotations: Section, key: str) -> list[str]:
    found = annotations.text(key) or ""
    return [word.strip() for word in found.split(",") if word.strip()]
