"""The git tag of a release: made, signed, looked for on a remote, pushed.

What it is not: a reader of history (``repo``, ``version``). What is done here writes to a repository,
may need a key, and may speak to another machine; so nothing here may ask a person, and all of it ends.

A prompt would hang a release in the night: git runs in a session without a terminal, where ssh and
ssh-keygen find nobody to ask, and with its own prompts switched off. A program that somebody set up
to answer for them (``GIT_ASKPASS``, ``core.askPass``, a credential helper) is asked.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from relman.errors import Refused, Unreachable

LOCAL_SECONDS = 30.0
REMOTE_SECONDS = 60.0
"""How long git may take; a push may run a hook of the team's."""
LATE = 124
"""The exit status of what was ended for being late, as timeout(1) has it."""
RESUME = "inv release.resume"
SIGNATURE = "-----BEGIN SSH SIGNATURE-----"
SILENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "LC_ALL": "C",
}
BATCH = "ssh -o BatchMode=yes"


IDLE = ("hint:", "To ", "error: failed to push some refs")
"""How lines of git's begin that say nothing that the others do not."""


class Tag(NamedTuple):
    """A tag that is there.

    Attributes:
        object: The full hash of what the name leads to: a tag object, or, for a lightweight one, a commit.
        commit: The full hash of the commit that it leads to in the end.
    """

    object: str
    commit: str


class Ran(NamedTuple):
    """How git ended."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What it complained of, on one line, without a secret that an address holds.

        A push tells what the remote refused on its output, behind a ``!`` (git-push(1), --porcelain).
        """
        lines = [line for line in self.err.splitlines() if line and not line.startswith(IDLE)]
        refusals = [line.rpartition("\t")[2] for line in self.out.splitlines() if line.startswith("!")]
        told = " · ".join(line.strip() for line in [*lines, *refusals]) or f"git ended with {self.status}"
        return re.sub(r"(?<=://)[^/@\s]+@", "", told)


class Tags:
    """The tags of a working copy.

    Args:
        root: Its folder.
    """

    def __init__(self, root: Path) -> None:
        """Nothing is looked at yet."""
        self.root = root

    def here(self, name: str) -> Tag | None:
        """The tag of that name in this repository, None if there is none."""
        ran = self._git("for-each-ref", "--format=%(objectname) %(*objectname)", f"refs/tags/{name}")
        found = ran.out.split()
        return Tag(found[0], found[-1]) if found else None

    def there(self, remote: str, name: str) -> Tag | None:
        """The tag of that name on a remote, None if it has none.

        Raises:
            Unreachable: The remote does not answer, or lets nobody in.
        """
        ref = f"refs/tags/{name}"
        ran = self._asking("ls-remote", "--", remote, ref, f"{ref}^{{}}")
        if ran.status:
            raise Unreachable(f"{remote} does not answer", fact=ran.said, clears=f"git ls-remote {remote}")
        rows = {found: hash_ for hash_, _, found in (line.partition("\t") for line in ran.out.splitlines())}
        return Tag(rows[ref], rows.get(f"{ref}^{{}}", rows[ref])) if ref in rows else None

    def make(self, name: str, commit: str, message: str, *, at: datetime, sign: bool) -> None:
        """Make an annotated tag. An existing one is never moved.

        The same facts give the same bytes, with a key whose signatures repeat (Ed25519 and RSA do). The
        object is signed before anything has its name, because git itself (2.39) makes an unsigned tag, and
        ends with 0, where the key cannot be used.

        Args:
            name: The tag's.
            commit: The full hash that it shall lead to.
            message: The whole message; taken as it is.
            at: The tagger's date; it is written in UTC.
            sign: With git's own SSH key.

        Raises:
            Refused: It cannot be made: the name is taken, nobody is known, the key needs a person.
        """
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {self.tagger(at)}\n\n{message}"
        signature = self._signature(text) if sign else ""
        made = self._git("mktag", told=text + signature)
        object_ = made.out.strip()
        ran = (
            made if made.status else self._git("update-ref", f"refs/tags/{name}", object_, "0" * len(object_))
        )
        if ran.status:
            raise Refused(f"git made no tag {name}", fact=ran.said, clears=RESUME)

    def push(self, remote: str, name: str) -> None:
        """Push one tag; never forced, and nothing else goes along.

        Raises:
            Refused: The remote took it not, and says so.
            Unreachable: It is not known whether the remote took it.
        """
        ref = f"refs/tags/{name}"
        alone = ("--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--no-signed", "--no-force")
        ran = self._asking("push", *alone, "--", remote, f"{ref}:{ref}")
        if ran.status:
            kind = Refused if "rejected]" in ran.out else Unreachable
            raise kind(f"{remote} did not take {name}", fact=ran.said, clears=f"git push {remote} {name}")

    def message(self, name: str) -> str:
        """The whole message of an annotated tag, without its signature; empty for any other."""
        form = "--format=%(contents:subject)%0a%0a%(contents:body)"
        return self._git("for-each-ref", form, f"refs/tags/{name}").out.strip()

    def address(self, remote: str) -> str:
        """Where a remote is, as git rewrites it (``url.….insteadOf``); empty if there is none."""
        ran = self._git("remote", "get-url", "--", remote)
        return "" if ran.status else ran.out.strip()

    def tagger(self, at: datetime) -> str:
        """Who tags, and when, as git writes it: ``A Tester <tester@example.invalid> 1795600800 +0000``.

        Raises:
            Refused: git does not know who.
        """
        ran = self._git(
            "var", "GIT_COMMITTER_IDENT", extra={"GIT_COMMITTER_DATE": f"{int(at.timestamp())} +0000"}
        )
        if ran.status:
            fact = "".join(ran.err.strip().splitlines()[-1:])
            who = "git config user.name NAME && git config user.email ADDRESS"
            raise Refused("git does not know who tags", fact=fact, clears=who)
        return ran.out.strip()

    def signs(self, wanted: str) -> bool:
        """Whether a tag is signed.

        Args:
            wanted: ``auto``: if git has an SSH key to sign with, unless ``tag.gpgSign`` says no; ``true``;
                ``false``.

        Raises:
            Refused: It must be signed, by relman.toml or by git's own configuration, and git has no
                SSH key for it. An OpenPGP key is none: its agent would ask a person.
        """
        if wanted == "false":
            return False
        told = [self._setting(name, "--type=bool") for name in ("tag.gpgSign", "tag.forceSignAnnotated")]
        form = self._setting("gpg.format")
        key = self._setting("user.signingKey") or self._setting("gpg.ssh.defaultKeyCommand")
        able = form == "ssh" and bool(key)
        if not able and (wanted == "true" or "true" in told):
            raise Refused(
                "the tag must be signed, and git has no SSH key to do it with",
                fact=f"gpg.format is {form or 'openpgp'}, user.signingKey is {'set' if key else 'not set'}",
                clears="git config gpg.format ssh && git config user.signingKey ~/.ssh/id_ed25519.pub,"
                " or sign = false under [tag] in relman.toml",
            )
        return able and (wanted == "true" or told[0] != "false")

    def _signature(self, text: str) -> str:
        """The SSH signature of a tag's text, as ``git tag --sign`` appends it (git-config(1), gpg.format).

        Raises:
            Refused: The key cannot be used without a person, or is not there.
        """
        program = self._setting("gpg.ssh.program") or "ssh-keygen"
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="relman-key-") as literal:
            key = self._key()
            if words := _literal(key):
                literal.write(f"{words}\n")
                literal.flush()
            where = [literal.name, "-U"] if words else [key]
            ran = self._ran([program, "-Y", "sign", "-n", "git", "-f", *where], text, self._environ())
        if ran.status or not ran.out.startswith(SIGNATURE):
            clears = f"ssh-add, or another user.signingKey, then {RESUME}"
            raise Refused(f"{key} does not sign the tag", fact=ran.said, clears=clears)
        return ran.out.replace("\r", "")

    def _key(self) -> str:
        """The key that git signs with: a file, or the public key itself; empty if there is none."""
        if key := self._setting("user.signingKey", "--type=path"):
            return key
        command = self._setting("gpg.ssh.defaultKeyCommand")
        lines = self._ran(shlex.split(command), "", self._environ()).out.splitlines() if command else []
        return next((line for line in lines if _literal(line)), "")

    def _setting(self, name: str, *how: str) -> str:
        return self._git("config", *how, "--get", name).out.strip()

    def _git(
        self,
        *words: str,
        told: str = "",
        extra: Mapping[str, str] | None = None,
        seconds: float = LOCAL_SECONDS,
    ) -> Ran:
        """Run git to its end."""
        return self._ran(["git", *words], told, self._environ() | dict(extra or {}), seconds)

    def _asking(self, *words: str) -> Ran:
        """Run git where it speaks to a remote; ssh is called as somebody said it, else in batch mode."""
        environ = self._environ()
        said = environ.get("GIT_SSH_COMMAND") or environ.get("GIT_SSH") or self._setting("core.sshCommand")
        extra = {} if said else {"GIT_SSH_COMMAND": BATCH}
        return self._git(*words, extra=extra, seconds=REMOTE_SECONDS)

    def _environ(self) -> dict[str, str]:
        """The user's own, with nobody there to be asked."""
        own = {name: value for name, value in os.environ.items() if name not in {"SSH_ASKPASS", "LANGUAGE"}}
        return own | SILENT

    def _ran(
        self, command: list[str], told: str, environ: Mapping[str, str], seconds: float = LOCAL_SECONDS
    ) -> Ran:
        """Run a program to its end; late, it is ended with everything that it started.

        Raises:
            Unreachable: There is no such program.
        """
        try:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{command[0]} cannot be started", fact=error.strerror or str(error)) from error
        return _ended(process, told.encode(), seconds)


def _literal(key: str) -> str:
    """The public key where it is written out instead of a file's name (user.signingKey, git-config(1))."""
    return key.removeprefix("key::") if key.startswith(("key::", "ssh-")) else ""


def _ended(process: subprocess.Popen[bytes], told: bytes, seconds: float) -> Ran:
    with process:
        try:
            out, err = process.communicate(told, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Ran(LATE, "", f"no end after {seconds:g} s")
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Ran(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
