"""Every error relman raises, each carrying its exit code.

What it is not: a place for messages. The one who raises says what happened, the fact behind
it, and the next command to type; this module only fixes what the shell is told.

The tree and its exit codes::

    RelmanError            1   unexpected
    ├─ UsageError          2   bad flag, bad value
    │  └─ ConfigError      2   relman.toml (or a file it names) cannot be used
    ├─ Refused             3   refused, nothing changed
    │  └─ Rejected         3   the platform said no to a request, as it was sent
    ├─ PutBack             4   failed, changed and put back
    ├─ NotPutBack          5   changed and NOT put back, or on a target that is unhealthy too
    ├─ Paused              6   stopped at a safe point, resumable
    │  ├─ OtherHand        6   somebody else changed the service meanwhile
    │  │  └─ Raced         6   the platform refused a write: the service had changed since it was read
    │  └─ Fenced           6   a newer driver has taken over
    ├─ Tampered            7   a record or a hash is not what it was
    ├─ Unreachable        69   something needed is missing or does not answer
    ├─ Locked             75   somebody else is driving, try later
    ├─ NotAuthenticated   77   no credentials, or not enough of them
    └─ Interrupted       130   second Ctrl-C

69, 75 and 77 are EX_UNAVAILABLE, EX_TEMPFAIL and EX_NOPERM of BSD ``sysexits.h``; 130 is
128 + SIGINT, as POSIX shells report it.

All of them are :class:`invoke.Exit`, so a user's own task that calls relman ends with one clean
line and the right code, with no glue.
"""

import re

from invoke.exceptions import Exit

_LINES = re.compile(r"[^\n]+")


class RelmanError(Exit):
    """Something went wrong that relman can put into words.

    Args:
        what: What happened, as a short sentence without a full stop.
        fact: The fact behind it: a value read, a file and line, a revision.
        clears: The next command to type; printed on a line of its own.
    """

    code = 1

    def __init__(self, what: str, *, fact: str = "", clears: str = "") -> None:
        """Keep the three parts and render them as the message that Invoke prints."""
        self.what, self.fact, self.clears = what, fact, clears
        super().__init__(self.rendered())

    def rendered(self) -> str:
        """The message in full: what and fact on the first line, the next command on the second."""
        first = f"{self.what}: {self.fact}" if self.fact else self.what
        told = f"{first}\n  next: {self.clears}" if self.clears else first
        # A stranger's words must not drive the terminal.
        return told if told.isprintable() else _LINES.sub(_shown, told)

    def __str__(self) -> str:
        """The rendered message."""
        return self.rendered()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by the three parts (errors cross process borders in the tests)."""
        return _rebuild, (type(self), self.what, self.fact, self.clears)


def _shown(line: re.Match[str]) -> str:
    return "".join(char if char.isprintable() else " " for char in line[0])


def _rebuild(kind: type[RelmanError], what: str, fact: str, clears: str) -> RelmanError:
    return kind(what, fact=fact, clears=clears)


class UsageError(RelmanError):
    """A flag or a value that cannot be used."""

    code = 2


class ConfigError(UsageError):
    """relman.toml, or a file that it names, is missing, broken or inconsistent."""


class Refused(RelmanError):
    """Refused; nothing was changed."""

    code = 3


class Rejected(Refused):
    """The platform said no to a request, as it was sent; sending it again would change nothing."""


class PutBack(RelmanError):
    """It failed after something was changed, and what was changed has been put back."""

    code = 4


class NotPutBack(RelmanError):
    """Something was changed and is not put back, or the target is unhealthy too."""

    code = 5


class Paused(RelmanError):
    """Stopped at a safe point; ``release.resume`` goes on from here."""

    code = 6


class OtherHand(Paused):
    """Somebody else changed the service meanwhile; relman does not overrule a person."""


class Raced(OtherHand):
    """A write was refused because the service had changed since it was read (HTTP 409)."""


class Fenced(Paused):
    """A newer driver has taken over; this one stops at its next write."""


class Tampered(RelmanError):
    """A record, a hash or a signature is not what it was."""

    code = 7


class Unreachable(RelmanError):
    """Something needed is missing or does not answer: a program, the platform, the ledger's disk."""

    code = 69


class Locked(RelmanError):
    """Somebody else is driving; try later."""

    code = 75


class NotAuthenticated(RelmanError):
    """No credentials, or not enough of them."""

    code = 77


class Interrupted(RelmanError):
    """The second Ctrl-C: leave at once."""

    code = 130


def repeated(text: object) -> str:
    """What somebody wrote, for an error, without the name and the password that an address may carry."""
    told = repr(text)
    before, at, host = told.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    if at and (slashes or ":" in before):  # a lone name before the sign is an e-mail address, and no secret
        return f"{scheme if slashes else told[:1]}{slashes}…@{host}"
    return told
