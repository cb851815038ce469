"""Folders of a go/no-go, good ones and spoiled ones, made from one that nobody has voted on yet.

What it is not: a test. Each is a function that takes a council and leaves its folder so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from relman.approval.folder import EVIDENCE, REQUEST, ROOT, VOTES
from relman.signing import GO
from tests.approval.council import ANA, BEN, CLEO, ERIN, Council
from tests.approval.saying import lines, with_
from tests.approval.test_hostile import HOSTILE
from tests.signing import smith
from tests.signing.team import key_of, line, public

Spoil = Callable[[Council], object]

# ── what is good ─────────────────────────────────────────────────────────────────────────────────


def withdrawn(council: Council) -> None:
    """A NO-GO that its signer took back."""
    name = council.vote(ANA, "eng-lead", "NO-GO")
    council.vote(ANA, "eng-lead", supersedes=council.digest_of(name))
    council.vote(BEN, "on-call")


def deputy(council: Council) -> None:
    """The A's deputy, by the address in capital letters in [people]."""
    council.vote(CLEO, "eng-lead")
    council.vote(BEN, "on-call")


def waived(council: Council) -> None:
    """An item that its owner let go."""
    council.waive(ANA, "eng-lead")
    council.vote(ANA, "eng-lead", items=("difference-read",))
    council.vote(BEN, "on-call")


def second_policy(council: Council) -> None:
    """A later version, by which other keys count."""
    council.legislate(lines=lines(ana=smith.ecdsa_key()), comment="a new key")
    council.put()
    deputy(council)


def touched(council: Council) -> None:
    """A hardware key that was touched."""
    key = smith.sk_ed25519_key(5)
    council.legislate(lines=lines(ana=key), hardware=("eng-lead",), pin=True)
    council.put()
    council.vote(ANA, "eng-lead", key=key)
    council.vote(BEN, "on-call")


def every_kind(council: Council) -> None:
    """RSA and P-384, each by a version of its own, so that an old quorum signs the new keys."""
    keys = {"ana": smith.rsa_key(), "ben": smith.ecdsa_key("ecdsa-sha2-nistp384")}
    council.legislate(lines=lines(ana=keys["ana"]))
    council.legislate(lines=lines(**keys), keys={ANA: keys["ana"]})
    council.put()
    council.vote(ANA, "eng-lead", key=keys["ana"])
    council.vote(BEN, "on-call", key=keys["ben"])


def littered(council: Council) -> None:
    """Two good votes among files that are none."""
    council.agree()
    folder = council.folder.path / VOTES
    (folder / "eng-lead.00000001.1.json").symlink_to("/etc/hostname")
    os.mkfifo(folder / "eng-lead.00000002.1.json")
    with (folder / "eng-lead.00000003.1.json").open("wb") as huge:
        huge.truncate(1 << 30)
    for n, content in enumerate(HOSTILE.values(), 4):
        signature = key_of(ANA).sign(content, GO)
        council.lay_signed(VOTES, f"eng-lead.0000000{n:x}.1.json", content, signature)


GOOD: tuple[Spoil, ...] = (
    Council.agree,
    withdrawn,
    deputy,
    waived,
    second_policy,
    touched,
    every_kind,
    littered,
)


# ── what is spoiled ──────────────────────────────────────────────────────────────────────────────


def voted(*said: tuple[str, str, dict[str, object]]) -> Spoil:
    """Votes of these, with whatever differs."""

    def spoil(council: Council) -> None:
        for signer, role, differs in said:
            council.vote(signer, role, **dict(differs))  # type: ignore[arg-type]

    return spoil


def both(**differs: object) -> Spoil:
    """Ben's vote, and Ana's with whatever differs."""
    return voted((BEN, "on-call", {}), (ANA, "eng-lead", differs))


def asking(**differs: object) -> Spoil:
    """Another request, that both agree to."""

    def spoil(council: Council) -> None:
        council.put(**differs)
        council.agree()

    return spoil


def ruled(**said: object) -> Spoil:
    """Another policy, and a request under it that both agree to."""

    def spoil(council: Council) -> None:
        council.legislate(**said)  # type: ignore[arg-type]
        council.put()
        council.agree()

    return spoil


def changed(*names: str, was: bytes, becomes: bytes) -> Spoil:
    """A file in which something stands otherwise after everybody has signed."""

    def spoil(council: Council) -> None:
        council.agree()
        path = council.folder.path.joinpath(*names)
        if "*" in names[-1]:
            path = next(iter(sorted(path.parent.glob(names[-1]))))
        content = path.read_bytes()
        assert was in content
        path.write_bytes(content.replace(was, becomes, 1))

    return spoil


def gone(*names: str) -> Spoil:
    """A file that is not there."""

    def spoil(council: Council) -> None:
        council.agree()
        path = council.folder.path.joinpath(*names)
        path.rename(council.root / ".relman" / path.name)

    return spoil


def revoked(council: Council) -> None:
    """Ana's key was taken back."""
    council.agree()
    (council.root / ROOT / "revoked_keys").write_text(f"{public(ANA).line}\n", "utf-8")


def unsigned_policy(council: Council) -> None:
    """A version that one admin signed by themselves."""
    council.legislate(f"{ANA} {BEN} {CLEO}", signed=ERIN, approvals={"A": 1})
    council.put()
    council.agree()


def one_key(council: Council) -> None:
    """Ana's key is Ben's too."""
    council.legislate(lines=lines(ben=key_of(ANA)))
    council.put()
    council.vote(ANA, "eng-lead")
    council.vote(BEN, "on-call", key=key_of(ANA))


def failed(council: Council) -> None:
    """A machine said no."""
    council.answer = "no-go"
    council.put()
    council.agree()


def waived_by_another(council: Council) -> None:
    """Ben lets go what is Ana's."""
    council.waive(BEN, "on-call")
    council.vote(ANA, "eng-lead", items=("difference-read",))
    council.vote(BEN, "on-call")


def linked(council: Council) -> None:
    """The votes lie elsewhere."""
    council.agree()
    folder = council.folder.path / VOTES
    folder.rename(council.root.parent / "elsewhere")
    folder.symlink_to(council.root.parent / "elsewhere")


def another_policy(council: Council) -> None:
    """A request for a policy that is not in force."""
    council.put(policy=with_(council.request.policy, version=7))
    council.agree()


def moved(council: Council) -> None:
    """The request lies in another one's folder."""
    council.agree()
    there = council.folder.path.with_name("api-1.4.0-production-00000000")
    council.folder.path.rename(there)
    council.folder = council.folder._replace(name=there.name)


def spaced(council: Council) -> None:
    """A vote whose signature has white space behind it, which stock skips."""
    council.agree()
    path = next((council.folder.path / VOTES).glob("eng-lead.*.sig"))
    path.write_bytes(path.read_bytes().replace(b"\n-----END", b" \n-----END"))


def hostile(name: str) -> Spoil:
    """A request that is no request."""

    def spoil(council: Council) -> None:
        council.agree()
        council.lay(HOSTILE[name])

    spoil.__name__ = f"request-{name}"
    return spoil


def loosely_listed(council: Council) -> None:
    """A list of signers in which a name is a pattern."""
    council.legislate(lines=[*lines(), line("*@mervo.example", smith.ed25519_key())])


HOUR = 3600
SPOILED: dict[str, Spoil] = {
    "nobody": lambda _council: None,
    "one": voted((ANA, "eng-lead", {})),
    "a-no-go": both(decision="NO-GO"),
    "unknown-key": both(key=smith.ed25519_key()),
    "another-namespace": both(namespace="git"),
    "override-namespace": both(namespace="override@relman.dev"),
    "another-request": both(request="ab" * 32),
    "too-early": both(signed_at=1),
    "from-tomorrow": both(signed_at=int(datetime(2026, 11, 26, tzinfo=UTC).timestamp())),
    "another-role": voted((BEN, "on-call", {}), (ANA, "ops-lead", {})),
    "an-author": asking(authors=("ana@home.example", "erin@mervo.example")),
    "one-in-two-roles": voted((CLEO, "eng-lead", {}), (CLEO, "on-call", {})),
    "items-left": both(items=()),
    "a-deputy-of-nothing": voted((CLEO, "on-call", {}), (ANA, "eng-lead", {})),
    "one-key-for-two": one_key,
    "revoked": revoked,
    "another-policy": another_policy,
    "more-is-asked": ruled(approvals={"A": 2}),
    "hardware-is-asked": ruled(hardware=("eng-lead",)),
    "unsigned-policy": unsigned_policy,
    "a-pattern-among-the-signers": loosely_listed,
    "failed": failed,
    "waived-by-another": waived_by_another,
    "linked": linked,
    "white-space": spaced,
    "evidence-changed": changed(EVIDENCE, "smoke.json", was=b"24 checks", becomes=b"25 checks"),
    "evidence-gone": gone(EVIDENCE, "difference.json"),
    "request-changed": changed(REQUEST, was=b'"version":"1.4.0"', becomes=b'"version":"1.4.1"'),
    "vote-changed": changed(VOTES, "eng-lead.*.json", was=b'"GO"', becomes=b'"NO"'),
    "key-twice": changed(VOTES, "on-call.*.json", was=b'{"decision"', becomes=b'{"comment":"","decision"'),
    "votes-gone": gone(VOTES),
    "request-gone": gone(REQUEST),
    "expired": asking(expires_at=1_795_600_000),
    "for-a-month": asking(expires_at=1_795_602_600 + 30 * 24 * HOUR),
    "another-folder": moved,
    **{f"request-{name}": hostile(name) for name in HOSTILE},
}
