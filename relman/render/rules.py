"""The pages of the policy and of those who may sign: what is in force, what lies ahead and why it is not.

What it is not: a judge. It is handed what it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from relman.clock import stamp
from relman.render.pages import table
from relman.signing.chain import InForce
from relman.signing.genesis import VARIABLE
from relman.signing.standing import Change, Outstanding, Row, Standing

DAY = "%Y-%m-%d %H:%MZ"


def show(standing: Standing) -> str:
    """``policy.show``: the policy in force, what lies ahead and what it lacks, and the line to pin."""
    lines = [_head(standing), *_indented(table(_rows(standing)))]
    for one in standing.ahead:
        lines += [ahead(one)]
    why = standing.force.ahead if standing.force else ()
    lines += [f"  note  {sentence}" for sentence in why if not _told(sentence, standing)]
    return "\n".join(lines)


def show_json(standing: Standing) -> str:
    """``policy.show`` for machines: one object."""
    found = standing.force
    told: dict[str, Any] = {
        "schema": "relman.policy/1",
        "in_force": _policy(found) if found else None,
        "problem": standing.problem,
        "genesis": standing.genesis,
        "pinned": standing.pinned,
        "pin": _pin(standing.genesis) if standing.genesis else "",
        "ahead": [_outstanding(one) for one in standing.ahead],
        "notes": list(found.ahead) if found else [],
        "differs": list(standing.differ),
    }
    return json.dumps(told)


def ahead(one: Outstanding) -> str:
    """A version that is not in force: what it says otherwise, and who is to run which command."""
    if one.fault:
        return f"version {one.version} cannot count: {one.fault}"
    rows = [["sha256", one.digest], *([["comment", one.comment]] if one.comment else [])]
    rows += [["signed", side.text] for side in one.sides]
    rows += [["missing", f"{name} runs: inv policy.sign"] for name in one.wanted]
    head = f"version {one.version} is not in force yet" if not one.complete else f"version {one.version}"
    return "\n".join([head, *_indented(changes(one.changes)), *_indented(table(rows))])


def changes(found: Sequence[Change]) -> str:
    """What a version says otherwise, a line each."""
    return table([[one.section, one.what] for one in found])


def signing(version: int, digest: str, previous: str, found: Sequence[Change]) -> str:
    """What is shown before a policy is signed: all that it changes, and the digest of what is signed."""
    follows = f"after {previous}" if previous else "the first one: it changes nothing, and says all of this"
    head = f"policy, version {version}, {follows}"
    return "\n".join([head, *_indented(changes(found)), f"  sha256  {digest}"])


def keys(found: Iterable[Row], git: Sequence[str]) -> str:
    """``signers.list``: a line for each key, and what git must be told."""
    rows = [
        [
            one.person or (one.who[0] if one.who else "nobody's"),
            one.state,
            one.fingerprint,
            ", ".join(name.partition("@")[0] for name in one.uses),
            f"from {one.after.strftime(DAY)}" if one.after else "",
            f"until {one.before.strftime(DAY)}" if one.before else "",
        ]
        for one in found
    ]
    told = table(rows) if rows else "nobody may sign yet: inv signers.add --person PERSON"
    return "\n".join([told, "", "git judges tags by the same lists after:", *_indented("\n".join(git))])


def keys_json(found: Iterable[Row]) -> str:
    """``signers.list`` for machines: one object a line."""
    return "\n".join(
        json.dumps(
            {
                "schema": "relman.signer/1",
                "who": list(one.who),
                "person": one.person,
                "fingerprint": one.fingerprint,
                "kind": one.kind,
                "namespaces": list(one.uses),
                "valid_from": stamp(one.after) if one.after else None,
                "valid_until": stamp(one.before) if one.before else None,
                "state": one.state,
            }
        )
        for one in found
    )


def _head(standing: Standing) -> str:
    if found := standing.force:
        return f"policy {found.policy.version} is in force, since {found.policy.at.strftime(DAY)}"
    return f"no policy is in force: {standing.problem}" + f"\n  next: {standing.clears}" * bool(
        standing.clears
    )


def _rows(standing: Standing) -> list[list[str]]:
    rows, found = [], standing.force
    if found:
        rows += [["sha256", found.digest], ["comment", found.policy.comment]]
        rows += [["changed by", f"{found.policy.quorum} of {', '.join(found.policy.admins)}"]]
        rows += [["guards", ", ".join(sorted(found.policy.sections))]]
    rows += [["may sign", *_signer(each)] for each in _countable(standing)]
    if standing.differ:
        rows += [["differs", f"{', '.join(standing.differ)}: the next cut is refused    inv policy.propose"]]
    if standing.genesis:
        rows += [["genesis", f"sha256 {standing.genesis}"], ["pin by", _pin(standing.genesis)]]
        rows += [["", "or, for you alone: inv policy.show --pin"]] * (not standing.pinned)
    return [row for row in rows if any(row[1:])]


def _countable(standing: Standing) -> list[Any]:
    return [each for each in standing.signers.lines if each.key not in standing.signers.revoked]


def _signer(each: Any) -> tuple[str, str]:  # noqa: ANN401 - a line of the list
    return each.principals[0], ", ".join(name.partition("@")[0] for name in each.namespaces)


def _pin(digest: str) -> str:
    return f"export {VARIABLE}=sha256:{digest}"


def _told(sentence: str, standing: Standing) -> bool:
    """Whether a version's own lines tell more of it than the sentence does."""
    return any(f"version {one.version} is not in force" in sentence for one in standing.ahead)


def _policy(found: InForce) -> dict[str, Any]:
    policy = found.policy
    return {
        "version": policy.version,
        "digest": found.digest,
        "at": stamp(policy.at),
        "admins": list(policy.admins),
        "quorum": policy.quorum,
        "sections": policy.sections,
        "hardware": list(policy.hardware),
        "pin": policy.pin,
        "comment": policy.comment,
    }


def _outstanding(one: Outstanding) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(one)
    return told | {"missing": [{"who": name, "command": "inv policy.sign"} for name in one.wanted]}


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines() if line]
