"""Secret Manager v1: secrets and their versions, as far as deploying to Cloud Run needs them.

Served: create, get, list and delete a secret, global or regional, with labels and annotations; add, get,
list, access, enable, disable and destroy its versions, by number or as ``latest``, which is the newest,
disabled or not: there is no falling back. Any other field of a secret (expiry, rotation, topics, aliases,
keys) is refused by name.

What it is not: a safe. Values are in the platform's SQLite file, which only its user can read, and nowhere
else: in no log, status or operation. Nor does it check permissions. Names keep the project as it was asked
for, where Google answers with the project's number.

Source of refusals: Google's, as clients and their issues quote them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime

from google.protobuf.message import Message

from relman.embedded.resources import rules
from relman.embedded.resources.messages import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    ListSecretsResponse,
    ListSecretVersionsResponse,
    Secret,
    SecretPayload,
    SecretState,
    SecretVersion,
)
from relman.embedded.resources.paging import page
from relman.embedded.resources.refusals import absent, invalid, present, unmet
from relman.embedded.resources.shelf import Shelf
from relman.embedded.resources.store import Store

LARGEST = 64 * 1024
ID = re.compile(r"[a-zA-Z0-9_-]{1,255}")
KEPT = ("name", "replication", "create_time", "labels", "annotations", "etag")
"""The fields of a secret that are taken in, or are the server's own to tell."""
PAYLOAD = "secret_payload"
FILTER = re.compile(r"state\s*[:=]\s*(ENABLED|DISABLED|DESTROYED)")


class Secrets:
    """Every secret of the platform.

    Args:
        store: Where they are kept, values too.
        now: The current time.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Nothing is read yet."""
        self._secrets = Shelf(store, "secret", Secret)
        self._versions = Shelf(store, "secret_version", SecretVersion)
        self._store = store
        self._now = now

    def create_secret(self, request: Message) -> Message:
        """Take in a new secret, which has no version yet."""
        rules.check_parent(request.parent, rules.PROJECT, rules.PLACE)
        _check_new(request)
        name = f"{request.parent}/secrets/{request.secret_id}"
        if self._secrets.find(name):
            raise present(f"Secret [{name}] already exists.")
        made = Secret()
        made.CopyFrom(request.secret)
        made.name, made.etag = name, _etag()
        made.create_time.FromDatetime(self._now())
        self._secrets.put(made, {})
        return made

    def get_secret(self, request: Message) -> Message:
        """The secret, without any value."""
        return self._secret(request.name)

    def list_secrets(self, request: Message) -> Message:
        """The secrets of a project or location, newest first."""
        if request.filter:
            raise invalid("filter", "The embedded platform filters no secrets.")
        found = [entry.message for entry in reversed(self._secrets.all(f"{request.parent}/secrets/"))]
        part, token = page(found, size=request.page_size, token=request.page_token, asked=request.parent)
        return ListSecretsResponse(secrets=part, next_page_token=token, total_size=len(found))

    def delete_secret(self, request: Message) -> None:
        """Forget a secret and all its versions."""
        _fence(request.etag, self._secret(request.name).etag)
        with self._store.transaction():
            for entry in self._versions.all(f"{request.name}/versions/"):
                self._store.drop(PAYLOAD, entry.message.name)
                self._versions.drop(entry.message.name)
            self._secrets.drop(request.name)

    def add_secret_version(self, request: Message) -> Message:
        """Add a value: the next number, enabled."""
        secret, payload = self._secret(request.parent), request.payload
        _check_payload(payload)
        number = len(self._versions.all(f"{request.parent}/versions/")) + 1
        made = SecretVersion(
            name=f"{request.parent}/versions/{number}", state=SecretState.ENABLED, etag=_etag()
        )
        made.create_time.FromDatetime(self._now())
        made.client_specified_payload_checksum = payload.HasField("data_crc32c")
        _replicate(secret, made)
        with self._store.transaction():
            self._versions.put(made, {})
            self._store.put(PAYLOAD, made.name, payload.data, {})
        return made

    def get_secret_version(self, request: Message) -> Message:
        """The version, without its value."""
        return self._version(request.name)

    def list_secret_versions(self, request: Message) -> Message:
        """The versions of a secret, newest first."""
        self._secret(request.parent)
        state = _chosen(request.filter)
        entries = reversed(self._versions.all(f"{request.parent}/versions/"))
        found = [entry.message for entry in entries if state in {0, entry.message.state}]
        asked = f"{request.parent} {request.filter}"
        part, token = page(found, size=request.page_size, token=request.page_token, asked=asked)
        return ListSecretVersionsResponse(versions=part, next_page_token=token, total_size=len(found))

    def access_secret_version(self, request: Message) -> Message:
        """The value of an enabled version, with its checksum."""
        name = request.name.partition("/versions/")[0]
        if not self._versions.all(f"{name}/versions/"):
            raise absent(f"Secret [{name}] not found or has no versions.")
        version = self._version(request.name)
        if version.state != SecretState.ENABLED:
            state = SecretState(version.state).name
            raise unmet(f"Secret Version [{version.name}] is in {state} state.")
        row = self._store.find(PAYLOAD, version.name)
        data = row.body if row else b""
        payload = SecretPayload(data=data, data_crc32c=checksum(data))
        return AccessSecretVersionResponse(name=version.name, payload=payload)

    def value(self, version: str) -> bytes:
        """The value of a version, for an instance that starts.

        Raises:
            Refusal: As to any client.
        """
        return bytes(self.access_secret_version(AccessSecretVersionRequest(name=version)).payload.data)

    def enable_secret_version(self, request: Message) -> Message:
        """Let a version be accessed again."""
        return self._change(request, SecretState.ENABLED)

    def disable_secret_version(self, request: Message) -> Message:
        """Let a version not be accessed until it is enabled again."""
        return self._change(request, SecretState.DISABLED)

    def destroy_secret_version(self, request: Message) -> Message:
        """Forget a version's value for good."""
        return self._change(request, SecretState.DESTROYED)

    def _change(self, request: Message, state: int) -> Message:
        version = self._version(request.name, by_number=True)
        _fence(request.etag, version.etag)
        if version.state == SecretState.DESTROYED:
            raise unmet("SecretVersion.state is already DESTROYED")
        version.state, version.etag = state, _etag()
        with self._store.transaction():
            if state == SecretState.DESTROYED:
                version.destroy_time.FromDatetime(self._now())
                self._store.drop(PAYLOAD, version.name)
            self._versions.put(version, {})
        return version

    def _secret(self, name: str) -> Message:
        entry = self._secrets.find(name)
        if entry is None:
            raise absent(f"Secret [{name}] not found.")
        return entry.message

    def _version(self, name: str, *, by_number: bool = False) -> Message:
        """A version by its number, or unless that is wanted as ``latest``."""
        secret, _, which = name.partition("/versions/")
        self._secret(secret)
        if not which.isdecimal() and (by_number or which != "latest"):
            raise _unnumbered(secret, which, by_number=by_number)
        if which == "latest":
            which = str(len(self._versions.all(f"{secret}/versions/")) or "latest")
        entry = self._versions.find(f"{secret}/versions/{which.lstrip('0')}")
        if entry is None:
            raise absent(f"Secret Version [{secret}/versions/{which}] not found.")
        return entry.message


def checksum(data: bytes) -> int:
    """CRC-32C, as Secret Manager tells it with every value (RFC 3720, appendix B.4)."""
    import google_crc32c

    return int(google_crc32c.value(data))


def _check_new(request: Message) -> None:
    """Refuse a secret that cannot be, or that could be only in part.

    Raises:
        InvalidArgument: Names the field.
    """
    if not ID.fullmatch(request.secret_id):
        told = (
            f"The provided Secret ID [{request.secret_id}] does not match the expected format [[a-zA-Z_0-9]+]"
        )
        raise invalid("secret_id", told if request.secret_id else "Secret ID must be provided.")
    for field, _ in request.secret.ListFields():
        if field.name not in KEPT:
            raise invalid(f"secret.{field.name}", f"The embedded platform knows no secret.{field.name}.")
    regional, replicated = "/locations/" in request.parent, request.secret.HasField("replication")
    if regional and replicated:
        raise invalid("secret.replication", "Secret.replication should not be provided.")
    if not regional and not replicated:
        raise invalid("secret.replication", "Secret.replication must be provided.")


def _check_payload(payload: Message) -> None:
    if not payload.data:
        raise invalid("payload.data", "SecretPayload.data must not be empty.")
    if len(payload.data) > LARGEST:
        raise invalid("payload.data", f"SecretPayload.data must not be larger than {LARGEST} bytes.")
    if payload.HasField("data_crc32c") and payload.data_crc32c != checksum(payload.data):
        message = "Provided SecretPayload.data crc32c does not match calculated crc32c."
        raise invalid("payload.data_crc32c", message)


def _replicate(secret: Message, version: Message) -> None:
    """Say that the version is where its secret's policy wants it."""
    if secret.replication.HasField("automatic"):
        version.replication_status.automatic.SetInParent()
    for replica in secret.replication.user_managed.replicas:
        version.replication_status.user_managed.replicas.add(location=replica.location)


def _chosen(text: str) -> int:
    """The state that a filter lets through, 0 for all."""
    match = FILTER.fullmatch(text.strip())
    if text.strip() and not match:
        raise invalid("filter", f"Invalid filter '{text}': known is state:ENABLED, DISABLED or DESTROYED.")
    return int(SecretState[match[1]]) if match else 0


def _unnumbered(secret: str, which: str, *, by_number: bool) -> Exception:
    if not by_number:
        return absent(f"Secret [{secret}] has no alias [{which}]")
    return invalid(
        "name",
        f"The provided Secret Version ID [{secret}/versions/{which}] does not match the expected format "
        "[projects/*/secrets/*/versions/*]",
    )


def _fence(etag: str, standing: str) -> None:
    if etag and etag != standing:
        raise unmet("The etag provided in the request does not match the current etag of the resource.")


def _etag() -> str:
    return f'"{secrets.token_hex(7)}"'
