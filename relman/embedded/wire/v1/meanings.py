"""The system's annotations: what v1 says in them, v2 says in fields of its own.

What it is not: the annotations of users, which are the same in both.

Source: the kinds that take each annotation stand in the description of ``ObjectMeta.annotations`` in the
discovery document ``run.v1``; the fields are those of ``google.cloud.run.v2``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from relman.embedded.resources.refusals import invalid
from relman.embedded.wire.v1.places import Json, find, lay

RUN, SCALING = "run.googleapis.com/", "autoscaling.knative.dev/"
SYSTEM = (RUN, SCALING, "serving.knative.dev/", "cloud.googleapis.com/")
TOLD = {
    f"{RUN}ingress-status",
    f"{RUN}operation-id",
    f"{RUN}urls",
    "serving.knative.dev/creator",
    "serving.knative.dev/lastModifier",
}
"""What the server says; a client sends it back as it came, and it is not read."""
SERVICE, REVISION = "Service", "Revision"


@dataclass(frozen=True)
class Form:
    """How a value is written in an annotation.

    Attributes:
        read: A text as the value of the field.
        written: The field's value as a text.
        wanted: What a text must be, for people.
    """

    read: Callable[[str], Any]
    written: Callable[[Any], str]
    wanted: str = "a text"


def _named(**names: str) -> Form:
    backwards = {value: key for key, value in names.items()}
    texts = {key.replace("_", "-"): value for key, value in names.items()}
    return Form(
        texts.__getitem__,
        lambda value: backwards.get(value, str(value)).replace("_", "-"),
        " or ".join(texts),
    )


def _by_name(text: str) -> Json:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(text)
    return found


TEXT = Form(str, str)
COUNT = Form(int, str, "a whole number")
SWITCH = Form(
    lambda text: {"true": True, "false": False}[text.lower()],  # gcloud writes "True"
    lambda value: str(value).lower(),
    "true or false",
)
JSON = Form(json.loads, lambda value: json.dumps(value, separators=(",", ":")), "JSON")
BY_NAME = Form(_by_name, JSON.written, "a JSON object")
STAGE = Form(str.upper, str)
HOURS = Form(
    lambda text: f"{int(text) * 3600}s",
    lambda value: str(int(value.removesuffix("s")) // 3600),
    "a whole number of hours",
)
INGRESS = _named(
    all="INGRESS_TRAFFIC_ALL",
    internal="INGRESS_TRAFFIC_INTERNAL_ONLY",
    internal_and_cloud_load_balancing="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    none="INGRESS_TRAFFIC_NONE",
)
EGRESS = Form(
    {
        "all-traffic": "ALL_TRAFFIC",
        "all": "ALL_TRAFFIC",
        "private-ranges-only": "PRIVATE_RANGES_ONLY",
    }.__getitem__,
    lambda value: str(value).lower().replace("_", "-"),
    "all-traffic or private-ranges-only",
)


@dataclass(frozen=True)
class Meaning:
    """What an annotation means.

    Attributes:
        field: The place of the v2 field.
        form: How its value is written.
        silent: The text that nobody needs to be told: the value of a service that never had it.
    """

    field: str
    form: Form = TEXT
    silent: str = ""


OF_SERVICE = {
    f"{RUN}client-name": Meaning("client"),
    f"{RUN}client-version": Meaning("clientVersion"),
    f"{RUN}description": Meaning("description"),
    f"{RUN}ingress": Meaning("ingress", INGRESS),
    f"{RUN}launch-stage": Meaning("launchStage", STAGE, "GA"),
    f"{RUN}minScale": Meaning("scaling.minInstanceCount", COUNT),
    f"{RUN}maxScale": Meaning("scaling.maxInstanceCount", COUNT),
    f"{RUN}manualInstanceCount": Meaning("scaling.manualInstanceCount", COUNT),
    f"{RUN}scalingMode": Meaning("scaling.scalingMode", _named(automatic="AUTOMATIC", manual="MANUAL")),
    f"{RUN}invoker-iam-disabled": Meaning("invokerIamDisabled", SWITCH, "false"),
    f"{RUN}default-url-disabled": Meaning("defaultUriDisabled", SWITCH, "false"),
    f"{RUN}iap-enabled": Meaning("iapEnabled", SWITCH, "false"),
    f"{RUN}custom-audiences": Meaning("customAudiences", JSON),
    f"{RUN}binary-authorization": Meaning("binaryAuthorization.policy"),
    f"{RUN}binary-authorization-breakglass": Meaning("binaryAuthorization.breakglassJustification"),
    f"{RUN}build-name": Meaning("buildConfig.name"),
    f"{RUN}build-source-location": Meaning("buildConfig.sourceLocation"),
    f"{RUN}build-function-target": Meaning("buildConfig.functionTarget"),
    f"{RUN}build-image-uri": Meaning("buildConfig.imageUri"),
    f"{RUN}build-base-image": Meaning("buildConfig.baseImage"),
    f"{RUN}build-enable-automatic-updates": Meaning("buildConfig.enableAutomaticUpdates", SWITCH, "false"),
    f"{RUN}build-environment-variables": Meaning("buildConfig.environmentVariables", JSON),
    f"{RUN}build-worker-pool": Meaning("buildConfig.workerPool"),
    f"{RUN}build-service-account": Meaning("buildConfig.serviceAccount"),
}
OF_REVISION = {
    f"{SCALING}minScale": Meaning("scaling.minInstanceCount", COUNT, "0"),
    f"{SCALING}maxScale": Meaning("scaling.maxInstanceCount", COUNT),
    f"{RUN}vpc-access-connector": Meaning("vpcAccess.connector"),
    f"{RUN}vpc-access-egress": Meaning("vpcAccess.egress", EGRESS),
    f"{RUN}network-interfaces": Meaning("vpcAccess.networkInterfaces", JSON),
    f"{RUN}execution-environment": Meaning(
        "executionEnvironment",
        _named(gen1="EXECUTION_ENVIRONMENT_GEN1", gen2="EXECUTION_ENVIRONMENT_GEN2"),
        "gen2",
    ),
    f"{RUN}sessionAffinity": Meaning("sessionAffinity", SWITCH, "false"),
    f"{RUN}health-check-disabled": Meaning("healthCheckDisabled", SWITCH, "false"),
    f"{RUN}gpu-zonal-redundancy-disabled": Meaning("gpuZonalRedundancyDisabled", SWITCH),
    f"{RUN}encryption-key": Meaning("encryptionKey"),
    f"{RUN}encryption-key-shutdown-hours": Meaning("encryptionKeyShutdownDuration", HOURS),
    f"{RUN}post-key-revocation-action-type": Meaning(
        "encryptionKeyRevocationAction", _named(prevent_new="PREVENT_NEW", shut_down="SHUTDOWN")
    ),
    f"{RUN}mesh": Meaning("serviceMesh.mesh"),
    # These are laid into the containers afterwards.
    f"{RUN}cpu-throttling": Meaning("serving.cpuIdle", SWITCH, "true"),
    f"{RUN}startup-cpu-boost": Meaning("serving.startupCpuBoost", SWITCH, "false"),
    f"{RUN}cloudsql-instances": Meaning("serving.cloudSql"),
    f"{RUN}container-dependencies": Meaning("serving.dependencies", BY_NAME),
    f"{RUN}base-images": Meaning("serving.baseImages", BY_NAME),
    f"{RUN}secrets": Meaning("serving.secrets"),
}
MEANINGS = {SERVICE: OF_SERVICE, REVISION: OF_REVISION}
KEPT = {
    SERVICE: {f"{RUN}base-images", f"{RUN}build-id", f"{RUN}gc-traffic-tags"},
    REVISION: {
        f"{RUN}build-function-target",
        f"{RUN}build-id",
        f"{RUN}build-source-location",
        f"{RUN}client-name",
        f"{RUN}client-version",
        f"{RUN}secure-session-agent",
        f"{RUN}sources",
    },
}
"""What v2 has no field for."""


def divided(given: Mapping[str, str], kind: str, where: str) -> tuple[dict[str, str], dict[str, str]]:
    """The users' annotations, and the system's without what the server itself says.

    Raises:
        InvalidArgument: One of the system's that this kind does not take.
    """
    own = {key: value for key, value in given.items() if not key.startswith(SYSTEM)}
    system = {key: value for key, value in given.items() if key not in own and key not in TOLD}
    for key in system:
        kinds = [one for one in (SERVICE, REVISION) if key in MEANINGS[one] or key in KEPT[one]]
        if kind not in kinds:
            raise invalid(where, _unsupported(key, kind, kinds))
    return own, system


def read(system: Mapping[str, str], kind: str, where: str) -> Json:
    """The system's annotations as fields of v2.

    Raises:
        InvalidArgument: A value that its annotation cannot have.
    """
    made: Json = {}
    for key, text in system.items():
        meaning = MEANINGS[kind].get(key)
        if meaning:
            try:
                lay(made, meaning.field, meaning.form.read(text))
            except (KeyError, ValueError, TypeError, RecursionError) as error:
                sentence = f"Invalid value '{text}' of annotation '{key}': it must be {meaning.form.wanted}."
                raise invalid(where, sentence) from error
    return made


def written(fields: Mapping[str, Any], kind: str, sent: Mapping[str, str]) -> dict[str, str]:
    """Fields of v2 as the system's annotations.

    Args:
        fields: Of a service or a template, as JSON.
        kind: Which of both.
        sent: What a v1 client sent last; what v2 has no field for is told from there, and so is what
            goes without saying but was said.
    """
    made = {key: sent[key] for key in sent if key in KEPT[kind]}
    for key, meaning in MEANINGS[kind].items():
        value = find(fields, meaning.field)
        text = meaning.silent if value is None else meaning.form.written(value)
        if text and (text != meaning.silent or sent.get(key) == text):
            made[key] = text
    return made


def _unsupported(key: str, kind: str, kinds: list[str]) -> str:
    sentence = f"Annotation '{key}' is not supported on resources of kind '{kind}'."
    return f"{sentence} Supported kinds are: {', '.join(kinds)}" if kinds else sentence
