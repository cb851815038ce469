"""Who the checks ask as: nobody, a header from the environment, or a Google ID token.

What it is not: a place where a secret stays. What is read here goes into requests only; ``redacted``
takes it out of whatever a report says.

The audience of an ID token is the service's own run.app URL, not the tag's.
Source: https://cloud.google.com/run/docs/configuring/custom-audiences
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from relman.config.words import Endpoint
from relman.errors import NotAuthenticated
from relman.smoke.suite import Service

TAG_END = "---"
"""Cloud Run's host of a tag is ``TAG---SERVICE-HASH-REGION.a.run.app``."""


def headers(service: Service, base_url: str, token: str | None) -> dict[str, str]:
    """The request headers that show who asks.

    Args:
        service: What the suite says.
        base_url: The URL that is asked; a token for loopback is not looked for.
        token: A bearer token that the caller has already; it goes before an ID token.

    Raises:
        NotAuthenticated: The variable is not set or holds no header; or nothing on this machine can
            make an ID token.
    """
    kind, _, variable = service.auth.partition(":")
    if kind == "header":
        return _from_environment(variable)
    if token:
        return _bearer(token)
    if kind == "id-token" and not Endpoint(_origin(base_url)).loopback:
        return _bearer(_id_token(service.audience or audience(base_url)))
    return {}


def audience(base_url: str) -> str:
    """The service's own URL, of a tag's URL too: without the tag and without a path."""
    scheme, _, host = _origin(base_url).partition("://")
    return f"{scheme}://{host.partition(TAG_END)[2] or host}"


def redacted(text: str, secrets: Mapping[str, str]) -> str:
    """The text without any of the secret header values, with or without their scheme."""
    for value in secrets.values():
        for secret in (value, value.rpartition(" ")[2]):
            text = text.replace(secret, "***")
    return text


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _bearer(token: str) -> dict[str, str]:
    words = token.split()
    if len(words) != 1:
        raise NotAuthenticated("the token for the smoke checks is none", fact=f"it has {len(words)} words")
    return {"Authorization": f"Bearer {words[0]}"}


def _from_environment(variable: str) -> dict[str, str]:
    """One header line; two would be an error whose text quotes them."""
    line = os.environ.get(variable, "").strip()
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not (name and colon and value) or len(line.splitlines()) > 1:
        raise NotAuthenticated(
            f"the smoke checks take a header from {variable}",
            fact="it holds no single 'Name: value'" if line else "it is not set",
            clears=f"export {variable}='Authorization: Bearer …'",
        )
    return {name: value}


def _id_token(wanted: str) -> str:
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request
    from google.oauth2.id_token import fetch_id_token

    try:
        return str(fetch_id_token(Request(), wanted))  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise NotAuthenticated(
            f"no ID token for {wanted}",
            fact=str(error).split(". ")[0],
            clears="export GOOGLE_APPLICATION_CREDENTIALS=… (a person's own login cannot make one)",
        ) from error
