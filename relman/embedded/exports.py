"""What points a client at the platform, as lines that a shell evaluates.

What it is not: a client, or a look at the platform; where that answers is given.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from relman.embedded.ports import DOMAIN

CERTIFICATE = "tls.pem"
"""In the platform's folder: what a client that speaks TLS with the platform believes."""
APIS = ("CLOUD_RUN", "CLOUD_BUILD", "CLOUD_MONITORING", "SECRET_MANAGER")
PYTHON = tuple(f"{name}_EMULATOR_HOST" for name in APIS)
OVERRIDES = {
    "RUN": "run",
    "CLOUDBUILD": "cloudbuild",
    "SECRETMANAGER": "secretmanager",
    "ARTIFACTREGISTRY": "artifactregistry",
    "SERVICEUSAGE": "serviceusage",
    "CLOUDRESOURCEMANAGER": "cloudresourcemanager",
    "LOGGING": "logging",
    "IAM": "iam",
}
"""The APIs that ``gcloud`` asks, and their hosts here; it puts the region before ``run`` itself.

The last two are not served. Of what is asked there it says that it is not found, where it would crash over
a tunnel to Google that is refused.
"""
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
CHUNK = 8 * 1024 * 1024
"""Bytes of one part of an upload; a body is held in memory while it comes in."""
CHOSEN = {"CLOUDSDK_CORE_PROJECT": "local", "CLOUDSDK_RUN_REGION": "us-central1"}
"""What stays as it is where somebody has chosen it already: any project and any region exist here."""
NODE = """\
# Google's npm clients read no variable, so they are told in the program:
#   const [apiEndpoint, port] = process.env.CLOUD_RUN_EMULATOR_HOST.split(':');
#   const auth = new GoogleAuth({authClient: new PassThroughClient()});      // google-auth-library
#   const grpc = {apiEndpoint, port: Number(port), auth, sslCreds: gax.grpc.credentials.createInsecure()};
#   const rest = {apiEndpoint, port: Number(port), auth, protocol: 'http', fallback: true};
#   const services = new ServicesClient(grpc);                               // or rest
""".splitlines()


def variables(endpoint: str) -> dict[str, str]:
    """What programs read that look where the platform is, as relman does."""
    return dict.fromkeys(PYTHON, _address(endpoint))


def python(endpoint: str) -> list[str]:
    """For programs in Python."""
    return _exported(variables(endpoint))


def node(endpoint: str) -> list[str]:
    """For programs in Node.js: the same variables, and how to hand them to the clients."""
    return [*NODE, *python(endpoint)]


def gcloud(endpoint: str, state: Path) -> list[str]:
    """For ``gcloud``, which then keeps to a folder of its own and neither reads nor sends a credential.

    The platform is its proxy: gcloud puts the region before the host's name, and an address has no name.
    """
    kept = [f'export {name}="${{{name}:-{value}}}"' for name, value in CHOSEN.items()]
    return [*_exported(_gcloud(_address(endpoint), state)), *kept]


def _gcloud(address: str, state: Path) -> dict[str, str]:
    host, _, port = address.partition(":")
    fixed = {
        "CLOUDSDK_CONFIG": str(state / "gcloud"),
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": str(state / CERTIFICATE),
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_PROXY_TYPE": "http_no_tunnel",
        "CLOUDSDK_PROXY_ADDRESS": host,
        "CLOUDSDK_PROXY_PORT": port,
        f"{OVERRIDE}STORAGE": f"http://storage.{DOMAIN}/storage/v1/",
        "CLOUDSDK_STORAGE_UPLOAD_CHUNK_SIZE": str(CHUNK),
    }
    return fixed | {f"{OVERRIDE}{name}": f"http://{label}.{DOMAIN}/" for name, label in OVERRIDES.items()}


def _address(endpoint: str) -> str:
    return endpoint.removeprefix("http://")


def _exported(found: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in found.items()]


def undone(state: Path) -> list[str]:
    """What takes all of it back."""
    names = [*PYTHON, *_gcloud("", state), *CHOSEN]
    return [f"unset {name}" for name in names]
