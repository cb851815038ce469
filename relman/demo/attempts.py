"""The attempts of ``demo.tamper``, a function for each, by the number of its threat.

What it is not: a simulation. Each does what somebody who is up to no good would do, to files, to the platform
or by a command, and then asks relman as anybody would.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from relman.approval import stock
from relman.approval.folder import EVIDENCE, REQUEST, ROOT, VOTES
from relman.demo.cast import ANA, BEN, CLEO, ERIN, MALLORY, ROBOT, Cast, Said
from relman.plainhttp import send

LEAD, ON_CALL = "eng-lead", "on-call"
VERIFY = "checklist.verify"
CANARY = "demo-canary/7f3a+9"
HUGE, DEEP, PATIENCE = 1 << 30, 10_000, 10.0
JSON = {"content-type": "application/json"}


class Attempt(NamedTuple):
    """One attempt, and how it must end.

    Attributes:
        threat: Its number in the contract's table.
        what: Who tries what, as a sentence.
        play: Tries it.
        code: How it must end.
        word: What must be told.
        later: What only a later issue adds to it.
    """

    threat: str
    what: str
    play: Callable[[Cast], Said]
    code: int
    word: str
    later: str = ""


# ── while Ben has said go, and the A has not ─────────────────────────────────────────────────────


def edited(cast: Cast) -> Said:
    """Ana's own vote, with another word in it than she signed."""
    path = cast.forge(CLEO, LEAD, CLEO)
    path.write_bytes(path.read_bytes().replace(b'"items":["difference-read",', b'"items":["watching",'))
    return cast.types(ERIN, VERIFY)


def in_her_name(cast: Cast) -> Said:
    """A vote in Cleo's name, by a key that nobody has listed."""
    cast.forge(CLEO, LEAD, MALLORY)
    return cast.types(ERIN, VERIFY)


def for_git(cast: Cast) -> Said:
    """What Cleo has signed for git, as a vote."""
    cast.forge(CLEO, LEAD, CLEO, namespace="git")
    return cast.types(ERIN, VERIFY)


def back_dated(cast: Cast) -> Said:
    """A vote from before there was a request."""
    cast.forge(CLEO, LEAD, CLEO, at=cast.request.created_at - 86_400)
    return cast.types(ERIN, VERIFY)


def own_work(cast: Cast) -> Said:
    """Ana approves what she wrote together with Erin."""
    return cast.types(
        ANA, "checklist.sign", *cast.read(), "--item", "difference-read", "--item", "customers-told"
    )


def two_roles(cast: Cast) -> Said:
    """Ben, who is on call, is the A too."""
    cast.forge(BEN, LEAD, BEN)
    return cast.types(ERIN, VERIFY)


def by_a_robot(cast: Cast) -> Said:
    """The key of CI says go."""
    cast.forge(ROBOT, LEAD, ROBOT)
    return cast.types(ERIN, VERIFY)


def strewn(cast: Cast) -> Said:
    """A gigabyte, ten thousand brackets, a link, a pipe of dots."""
    folder = cast.folder.path / VOTES
    (folder / f"{LEAD}.00000001.1.json").symlink_to(cast.keys / ANA)
    with (folder / f"{LEAD}.00000002.1.json").open("wb") as huge:
        huge.truncate(HUGE)
    deep = folder / f"{LEAD}.00000003.1.json"
    deep.write_bytes(b'{"a":' * DEEP + b"1" + b"}" * DEEP)
    deep.with_name(f"{deep.name}.sig").write_bytes(b"\xef\xbb\xbfNaN")
    (folder / "...json").write_bytes(b"{}")
    return cast.types(ERIN, VERIFY)


def for_stock_only(cast: Cast) -> Said:
    """A signature with white space in it, which a laxer reader skips; the third verifier is asked too."""
    path = cast.forge(CLEO, LEAD, CLEO)
    sig = path.with_name(f"{path.name}.sig")
    sig.write_bytes(sig.read_bytes().replace(b"\n-----END", b" \n-----END"))
    third = cast.runs("sh", f"{ROOT}/{stock.NAME}", f"{ROOT}/{cast.folder.name}")
    said = cast.types(ERIN, VERIFY)
    return said if third.code else third


def without_asserts(cast: Cast) -> Said:
    """The forged vote again, by a Python that leaves assertions out."""
    cast.forge(CLEO, LEAD, MALLORY)
    return cast.types(ERIN, VERIFY, flags=("-O",))


def unseen(cast: Cast) -> Said:
    """An agent, forwarded, signs something else than what was read."""
    return cast.types(CLEO, "checklist.sign", "--yes-sha256", "ab" * 32)


# ── when both have said go ───────────────────────────────────────────────────────────────────────


def stolen(cast: Cast) -> Said:
    """Cleo's laptop is gone; she is taken off the list, and what she signed with it."""
    cast.must(ANA, "signers.revoke", "--person", CLEO)
    return cast.types(ERIN, "release.cut")


def next_month(cast: Cast) -> Said:
    """The approval, nine days later."""
    at = cast.clock.now() + timedelta(days=9)
    return cast.types(ERIN, VERIFY, "--at", at.isoformat(timespec="seconds"))


def one_character(cast: Cast) -> Said:
    """The request, with another version number."""
    path = cast.folder.path / REQUEST
    path.write_bytes(path.read_bytes().replace(b'"waivable":true', b'"waivable":null'))
    return cast.types(ERIN, VERIFY)


def swapped(cast: Cast) -> Said:
    """Evidence that says more than was signed."""
    path = cast.folder.path / EVIDENCE / "smoke.json"
    path.write_bytes(path.read_bytes().replace(b"4 checks", b"9 checks"))
    return cast.types(ERIN, VERIFY)


def by_its_tag(cast: Cast) -> Said:
    """An image by a tag, which may be moved later."""
    return cast.types(ERIN, "release.prepare", "--image", f"{cast.request.subject[0].name}:latest")


def loosened(cast: Cast) -> Said:
    """The commit that is to be approved makes gates advice."""
    cast.configure(lambda text: text.replace('profile = "team"', 'profile = "team"\nmode = "advise"'))
    return cast.types(ERIN, VERIFY)


def enlisted(cast: Cast) -> Said:
    """Mallory writes herself into the list of signers."""
    path = cast.root / ROOT / "policy" / "000001.allowed_signers"
    key = (cast.keys / f"{MALLORY}.pub").read_text("ascii").rsplit(" ", 1)[0]
    with path.open("a", encoding="ascii") as file:
        file.write(f'{cast.email(MALLORY)} namespaces="go@relman.dev",valid-after="20260101Z" {key}\n')
    return cast.types(ERIN, VERIFY)


def lifted_alone(cast: Cast) -> Said:
    """Erin lifts the window by herself."""
    why = ("--reason", "it is urgent", "--incident", "INC-1")
    return cast.types(ERIN, "release.cut", "--override", "window", *why)


def lifted_smoke(cast: Cast) -> Said:
    """And the smoke check, which nobody lifts."""
    why = ("--reason", "it is urgent", "--incident", "INC-1")
    return cast.types(ERIN, "release.cut", "--override", "smoke", *why)


def taken_away(cast: Cast) -> Said:
    """Ben says no; somebody deletes the file."""
    cast.must(BEN, "checklist.sign", "--no-go", "--comment", "the queue is long", *cast.read())
    cast.commit("chore: no go")
    said_no = max((cast.folder.path / VOTES).glob(f"{ON_CALL}.*.json"))
    said_no.unlink()
    return cast.types(ERIN, VERIFY)


def still_no(cast: Cast) -> Said:
    """It lies there again, and stands until Ben withdraws it."""
    return cast.types(ERIN, "release.cut")


def whispered(cast: Cast) -> Said:
    """A secret in the environment of every command; it is looked for in all that was written."""
    cast.environ["DATABASE_PASSWORD"] = CANARY
    cast.types(ERIN, "release.why", "--json")
    files = (path for path in cast.root.rglob("*") if path.is_file())
    hits = [path.name for path in files if CANARY.encode() in path.read_bytes()]
    del cast.environ["DATABASE_PASSWORD"]
    return Said(7 if hits else 3, f"found in {len(hits)} files of everything that was written")


def tagged_before(cast: Cast) -> Said:
    """The version's tag is put on another commit, by force."""
    cast.runs("git", "tag", "--force", f"v{cast.request.version}", "HEAD~1")
    said = cast.types(ERIN, "release.cut")
    cast.runs("git", "tag", "--delete", f"v{cast.request.version}")
    return said


def past_relman(cast: Cast) -> Said:
    """A revision straight to the platform, past every gate; then the release that was signed before."""
    key, base = cast.request.key, cast.environ["CLOUD_RUN_EMULATOR_HOST"]
    parent = f"projects/{key.project}/locations/{key.region}/services/{key.service}"
    url = f"{base if '://' in base else f'http://{base}'}/v2/{parent}"
    service = json.loads(send("GET", url, PATIENCE).body)
    service["template"]["revision"] = f"{key.service}-{MALLORY}"
    service["traffic"] = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]
    body = {name: service[name] for name in ("name", "template", "traffic")}
    send("PATCH", url, PATIENCE, JSON, json.dumps(body).encode())
    cast.must(ERIN, "release.status")
    return cast.types(ERIN, "release.cut")


def rolled_forward(cast: Cast) -> Said:
    """A rollback to that revision, which nobody has approved."""
    return cast.types(BEN, "release.rollback", "--to", f"{cast.request.key.service}-mallory")


def alone(cast: Cast) -> Said:
    """One admin makes the next policy theirs alone."""
    return cast.types(ANA, "policy.propose", "--quorum", "1")


def again(cast: Cast) -> Said:
    """The very same approval, once more, for the release that it was used for."""
    return cast.types(ERIN, VERIFY, "--release", cast.request.version)


FIRST = (
    Attempt("T02", "Somebody changes what Cleo has signed", edited, 3, "T02"),
    Attempt(
        "T02",
        "Mallory votes in Cleo's name, with a key of her own",
        in_her_name,
        3,
        "in no line of the signers",
    ),
    Attempt("T02", "What Cleo signed for git is laid down as a vote", for_git, 3, "made for something else"),
    Attempt(
        "T03",
        "A vote is dated back to before the request",
        back_dated,
        3,
        "T03",
        "audits, by the ledger's anchors",
    ),
    Attempt("T07", "Ana approves what she has a share in", own_work, 3, "T07"),
    Attempt("T07", "Ben, who is on call, votes as the A too", two_roles, 3, "ben may not speak as eng-lead"),
    Attempt("T10", "The key of CI votes", by_a_robot, 3, "may not be used for go@", "Binary Authorization"),
    Attempt(
        "T15", "A link, a gigabyte, deep JSON and odd names among the votes", strewn, 3, "is not counted"
    ),
    Attempt("T20", "A signature that a laxer reader would take", for_stock_only, 3, "T02"),
    Attempt("T21", "The forged vote again, under python -O", without_asserts, 3, "in no line of the signers"),
    Attempt("T22", "A digest is signed that was not shown", unseen, 3, "T22"),
)
"""While Ben alone has said go."""
SECOND = (
    Attempt("T01", "A laptop is stolen, its key taken back, and its vote used", stolen, 3, "short of"),
    Attempt("T04", "The approval is used nine days later", next_month, 3, "T04"),
    Attempt("T05", "One word of the request is changed", one_character, 7, "T05"),
    Attempt("T05", "A file of evidence is swapped", swapped, 7, "T05"),
    Attempt("T06", "An image by a tag that can be moved", by_its_tag, 2, "sha256", "Binary Authorization"),
    Attempt("T08", "A change makes gates mere advice", loosened, 3, "T08"),
    Attempt("T08", "Mallory writes herself into the list of signers", enlisted, 7, "genesis"),
    Attempt(
        "T09",
        "Erin lifts the window alone",
        lifted_alone,
        3,
        "checklist.sign --override",
        "order, by anchors",
    ),
    Attempt("T12", "A NO-GO is deleted", taken_away, 7, "T12", "a no-go from another machine"),
    Attempt("T12", "It is put back, and the release is tried all the same", still_no, 3, "NO-GO"),
)
"""When both have said go."""
THIRD = (
    Attempt(
        "T13", "A secret in the environment is looked for in all that was written", whispered, 3, "0 files"
    ),
    Attempt(
        "T14", "The version's tag is moved to another commit", tagged_before, 3, "tagged already", "anchors"
    ),
    Attempt("T16", "The smoke check is lifted", lifted_smoke, 3, "nobody may lift", "Binary Authorization"),
    Attempt(
        "T17",
        "A revision goes live past relman, then the approval is used",
        past_relman,
        3,
        "T04",
        "the audit",
    ),
    Attempt("T18", "A rollback is to go to that revision", rolled_forward, 3, ""),
    Attempt("T19", "One admin makes a policy that one admin can change", alone, 3, "one person could change"),
)
"""When Ben has withdrawn his NO-GO."""
LAST = (Attempt("T04", "The approval is used a second time", again, 3, "T04"),)
"""When the release has shipped."""
LATER = {"T11": "a rewritten or an old ledger: with the ledger's issue, anchors and ledger.verify"}
"""What cannot be tried yet."""
