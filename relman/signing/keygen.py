"""Signing with a person's own key, through ``ssh-keygen``: a file, the agent, or a hardware key.

What it is not: a holder of private keys. relman names a key and hands over what is to be signed; the
passphrase, the PIN and the touch are between ssh-keygen and the person.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from relman.errors import Paused, Refused, Unreachable
from relman.models import Emit, Event, silent
from relman.signing.keys import KINDS
from relman.signing.sshsig import Verified, verified

PROGRAM = "ssh-keygen"
LITERAL = "key::"
"""What stands before a public key where git expects the name of a file (git-config(1), user.signingKey)."""
CHOOSE = "git config user.signingKey ~/.ssh/id_ed25519.pub, or name the key with --key"
TOUCH = "Confirm user presence"
"""How ssh-keygen begins when it waits for a finger."""
_INTERRUPTED = (-2, 130)


class OwnKey(Struct, frozen=True):
    """The key that a person signs with, by name; never what is in it.

    Attributes:
        place: A file, private or public; empty where the key itself is written out.
        public: The public key, written out; the agent must have the other half.
        source: Who said so, for the error.
    """

    place: str = ""
    public: str = ""
    source: str = "--key"

    @classmethod
    def chosen(cls, text: str, source: str = "--key") -> OwnKey:
        """The key that a person named.

        Args:
            text: A file, or a public key, with ``key::`` before it or without.
            source: Where it was named.

        Raises:
            Refused: There is no such file.
        """
        public = text.removeprefix(LITERAL).strip()
        if text.startswith(LITERAL) or public.startswith(tuple(f"{kind} " for kind in KINDS)):
            return cls(public=public, source=source)
        place = Path(text).expanduser()
        if not place.is_file():
            raise Refused(
                "there is no such key", fact=f"{source} says {text!r}, which is no file", clears=CHOOSE
            )
        return cls(place=str(place.absolute()), source=source)

    @classmethod
    def of(cls, root: Path, explicit: str = "") -> OwnKey:
        """The key to sign with: the one that was named, else git's own (``user.signingKey``).

        Args:
            root: A folder of the repository.
            explicit: What ``--key`` said; empty for nothing.

        Raises:
            Refused: No key is named anywhere, or there is no such file.
        """
        if explicit:
            return cls.chosen(explicit)
        configured = _configured(root)
        if not configured:
            raise Refused("no key to sign with", fact="git's user.signingKey is not set", clears=CHOOSE)
        return cls.chosen(configured, "git's user.signingKey")


class Signed(Struct, frozen=True):
    """What was signed, and the signature.

    Attributes:
        content: The bytes that were signed.
        signature: Armoured, as it lies in a ``.sig``.
        by: The signature, verified: the key, the namespace, the flags.
    """

    content: bytes
    signature: str
    by: Verified


def signed(content: bytes, namespace: str, key: OwnKey, emit: Emit = silent) -> Signed:
    """Sign bytes with a person's key, and verify the signature as anybody else will.

    The content goes through a file, because ssh-keygen asks for a passphrase or a PIN only where its
    standard input is the person's. It lies in a folder of its own that is gone afterwards, however it ends.

    Args:
        content: What to sign.
        namespace: What for, such as ``go@relman.dev``.
        key: With which key.
        emit: Is told when a hardware key waits to be touched.

    Raises:
        Unreachable: There is no ssh-keygen.
        Refused: The key does not sign: wrong passphrase, not in the agent, no such key.
        Paused: The person stopped it.
        Tampered: The key may not sign here: DSA, a certificate, a short RSA key.
    """
    with tempfile.TemporaryDirectory(prefix="relman-sign-") as folder:
        message, literal = Path(folder, "message"), Path(folder, "key.pub")
        message.write_bytes(content)
        if key.public:
            literal.write_text(f"{key.public}\n", "utf-8")
        where = [str(literal), "-U"] if key.public else [key.place]
        _run([PROGRAM, "-Y", "sign", "-q", "-n", namespace, "-f", *where, str(message)], key, emit)
        signature = message.with_name("message.sig").read_bytes()
    return Signed(content, signature.decode("ascii"), verified(content, signature, namespace))


def _run(command: Sequence[str], key: OwnKey, emit: Emit) -> None:
    """Run ssh-keygen to its end, its questions on the person's terminal."""
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
    except OSError as error:
        install = "sudo apt install openssh-client"
        raise Unreachable(f"{PROGRAM} is needed for this", fact=str(error.strerror), clears=install) from None
    with process:
        try:
            status, said = _followed(process, emit)
        except BaseException:
            process.kill()
            raise
    if status in _INTERRUPTED:
        raise Paused("nothing was signed", fact=f"{PROGRAM} was stopped")
    if status:
        raise Refused(
            f"{_shown(key)} does not sign",
            fact=" · ".join(said) or f"{PROGRAM} ended with {status}",
            clears=_mended(key),
        )


def _followed(process: subprocess.Popen[bytes], emit: Emit) -> tuple[int, list[str]]:
    """How it ended, and what it complained of; a wait for a finger is told at once."""
    said = []
    for line in process.stderr or ():
        text = line.decode("utf-8", "replace").strip()
        if text.startswith(TOUCH):
            emit(Event("note", text))
        elif text:
            said.append(text)
    return process.wait(), said


def _shown(key: OwnKey) -> str:
    return key.place or " ".join(key.public.split()[:2])[:40] + "…"


def _mended(key: OwnKey) -> str:
    """What to type when a key does not sign."""
    return CHOOSE if key.public else f"ssh-add {key.place.removesuffix('.pub')}, then again"


def _configured(root: Path) -> str:
    """What git says; nothing where there is no git."""
    command = ["git", "config", "--type=path", "--get", "user.signingKey"]
    try:
        told = subprocess.run(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        return ""
    return told.stdout.decode("utf-8", "replace").strip()
