"""The secrets of a revision: read when an instance starts, and put where its containers look for them.

So ``latest`` is whatever is the newest version then: instances of one revision may hold different values,
and shifting traffic back does not bring an old one back. A version by number stays what it is. A secret that
cannot be read stops the start, in Google's words.

What it is not: Secret Manager (``control.secrets``). A file of a volume is written once, at the start; Google
fetches the version again whenever the file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from google.api_core import exceptions
from google.protobuf.message import Message

from relman.embedded.resources.conditions import Trouble
from relman.embedded.resources.messages import CommonReason
from relman.embedded.resources.refusals import Refusal
from relman.embedded.runtime.unready import Unready

LATEST = "latest"
READABLE, LEFT = 0o444, 0o555
"""The documented default of a file's mode, and what of a mode is left by Cloud Run's own umask."""


class Reference(NamedTuple):
    """Where a revision refers to a secret.

    Attributes:
        field: As Google's sentences spell it.
        version: The whole name of the version.
    """

    field: str
    version: str


def read(revision: Message, access: Callable[[str], bytes]) -> dict[str, bytes]:
    """The values of all versions that a revision refers to, by their whole names.

    Args:
        revision: The revision.
        access: Gives the value of a version or raises a ``Refusal``.

    Raises:
        Unready: Some cannot be read; every one of them is told.
    """
    found: dict[str, bytes] = {}
    sentences = []
    for one in _references(revision):
        try:
            found[one.version] = access(one.version)
        except exceptions.NotFound:
            sentences.append(f"{one.field}: Secret {one.version} was not found")
        except Refusal as refusal:
            sentences.append(f"{one.field}: Failed to access secret {one.version}: {refusal.message}")
    if sentences:
        raise Unready(Trouble("\n".join(sentences), CommonReason.SECRETS_ACCESS_CHECK_FAILED))
    return found


def variables(revision: Message, container: Message, values: Mapping[str, bytes]) -> dict[str, str]:
    """The environment that a template gives a container, secrets put in."""
    found = {}
    for variable in container.env:
        version = _of_variable(revision, variable)
        value = values[version].decode(errors="surrogateescape") if version else variable.value
        found[variable.name] = value
    return found


def lay(revision: Message, values: Mapping[str, bytes], folder: Path) -> None:
    """Write the files of every secret volume into a folder that is called as the volume, once.

    Raises:
        OSError: They cannot be written.
        Unready: A file would lie outside.
    """
    for volume in revision.volumes:
        place = folder / volume.name
        if volume.HasField("secret") and not place.exists():
            place.mkdir(parents=True)
            for path, version, mode in _items(revision, volume):
                _write(place / path, values[version], mode)


def _write(path: Path, value: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(value)
    path.chmod(mode & LEFT)


def _references(revision: Message) -> Iterator[Reference]:
    for number, container in enumerate(revision.containers):
        for place, variable in enumerate(container.env):
            field = f"spec.template.spec.containers[{number}].env[{place}].value_from.secret_key_ref.name"
            version = _of_variable(revision, variable)
            if version:
                yield Reference(field, version)
    for number, volume in enumerate(revision.volumes):
        if volume.HasField("secret"):
            for _, version, _ in _items(revision, volume):
                yield Reference(f"spec.template.spec.volumes[{number}].secret.secret_name", version)


def _of_variable(revision: Message, variable: Message) -> str:
    """The version that a variable refers to, empty for one with a value of its own."""
    if not variable.value_source.HasField("secret_key_ref"):
        return ""
    reference = variable.value_source.secret_key_ref
    return _named(revision, reference.secret, reference.version)


def _items(revision: Message, volume: Message) -> Iterator[tuple[str, str, int]]:
    """Path, version and mode of each file of a secret volume; without items it is one, called as the secret.

    Raises:
        Unready: A path leads outside.
    """
    source = volume.secret
    default = source.default_mode or READABLE
    if not source.items:
        name = source.secret.rpartition("/")[2]
        yield name, _named(revision, source.secret, LATEST), default
    for item in source.items:
        path = PurePosixPath(item.path)
        if not path.parts or path.is_absolute() or ".." in path.parts:
            sentence = f"Volume '{volume.name}' has an item at '{item.path}', which is no relative path."
            raise Unready(Trouble(sentence, CommonReason.REVISION_FAILED))
        yield item.path, _named(revision, source.secret, item.version), item.mode or default


def _named(revision: Message, secret: str, version: str) -> str:
    """The whole name of a version; a secret without a project is in the revision's."""
    project = revision.name.split("/")[1]
    whole = secret if "/" in secret else f"projects/{project}/secrets/{secret}"
    return f"{whole}/versions/{version or LATEST}"
