"""A version of the rules counts if enough of those before it, and of those after it, signed it; T08, T19."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from relman.errors import Tampered
from relman.signing import PublicKey, Seen, in_force
from tests.signing import smith
from tests.signing.team import NOW, Chain, key_of, line, public, version, why

# ── T08: a change that nobody signed ─────────────────────────────────────────────────────────────


def test_t08_a_change_needs_the_old_quorum() -> None:
    """T08: whoever lists their own keys as admins has signed with none of ours."""
    chain = Chain().add().add("dan eve fay")
    assert version(chain) == 1
    assert "0 of 2 old admins (signed: nobody)" in why(chain)


def test_t08_a_change_needs_the_new_quorum() -> None:
    """T08, T19: those who shall decide from now on have shown that they can."""
    chain = Chain().add().add("dan eve ana", signed="ana ben")
    assert version(chain) == 1
    assert "1 of 2 new admins (signed: ana)" in why(chain)


def test_t08_a_quorum_of_nobody_is_refused() -> None:
    """T08: a change that lowers the quorum to 0 and adds a key, signed by that key."""
    chain = Chain().add().add("ana ben cleo mallory", signed="mallory")
    lowered = chain.papers[-1].content.replace(b'"quorum":2', b'"quorum":0')
    chain.papers[-1] = msgspec.structs.replace(chain.papers[-1], content=lowered)
    assert version(chain) == 1
    assert "version 2 is not in force" in why(chain)


def test_t08_a_version_that_waits_for_signatures_is_not_in_force() -> None:
    """T08: it says how many it has; the one before it stays."""
    chain = Chain().add().add(signed="ana")
    assert version(chain) == 1
    assert "1 of 2 old admins (signed: ana)" in why(chain)
    assert version(chain.unsigned()) == 1


def test_t08_another_list_of_signers_is_refused() -> None:
    """T08: a key added to the list without a new version."""
    chain = Chain().add().add()
    paper = chain.papers[1]
    added = paper.allowed_signers + line("mallory").encode() + b"\n"
    chain.papers[1] = msgspec.structs.replace(paper, allowed_signers=added)
    assert version(chain) == 1
    assert "its list of signers is another one" in why(chain)


def test_t08_an_older_version_put_back_is_seen() -> None:
    """T08: the ledger knows the last version that was in force, and by which bytes."""
    chain = Chain().add().add().add()
    seen = in_force(chain.all, chain.genesis, NOW).seen
    assert version(chain, seen=seen) == 3
    chain.papers.pop()
    with pytest.raises(Tampered, match=r"the policy went back: the ledger knows 3, here 2 is in force"):
        version(chain, seen=seen)
    chain.add(comment="another third version")
    with pytest.raises(Tampered, match="policy 3 is not the one that the ledger knows"):
        version(chain, seen=seen)


def test_t08_a_version_belongs_behind_one_other() -> None:
    """T08: no gap, no version written for another chain, none from the future, none older than its last."""
    gap = Chain().add().add().add()
    del gap.papers[1]
    assert "the version before it is missing" in why(gap)
    assert "written for another version" in why(Chain().add().add(previous="ab" * 32))
    for at in (NOW + timedelta(hours=1), datetime(2026, 10, 1, tzinfo=UTC)):
        assert "another time" in why(Chain().add().add(created_at=int(at.timestamp())))


def test_t08_a_signature_counts_in_its_own_namespace_for_its_own_bytes() -> None:
    """T08, T02: a vote, or a signature of the last version, endorses nothing."""
    assert version(Chain().add().add(namespace="go@relman.dev")) == 1
    chain = Chain().add().add()
    chain.papers[1] = msgspec.structs.replace(chain.papers[1], signatures=chain.papers[0].signatures)
    assert version(chain) == 1


def test_t08_no_bit_of_a_version_may_differ() -> None:
    """Each byte of the policy flipped: what was in force before it stays in force."""
    chain = Chain().add().add()
    content = chain.papers[1].content
    for at in range(len(content)):
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        chain.papers[1] = msgspec.structs.replace(chain.papers[1], content=flipped)
        assert version(chain) == 1


# ── T07, T01, T03: who counts ────────────────────────────────────────────────────────────────────


def test_t07_one_key_under_two_names_counts_once() -> None:
    """T07: and so does one person with two keys."""
    shared = key_of("ana")
    lines = [line("ana"), line("ben", shared), line("ben"), line("cleo")]
    two_names = Chain().add(lines=lines).add(signed="ana ben", keys={"ben": shared}, lines=lines)
    assert "1 of 2 old admins (signed: ana)" in why(two_names)
    second = smith.ed25519_key()
    lines = [*lines[2:], line("ana"), line("ana", second)]
    two_keys = Chain().add(lines=lines).add(signed="ana x", keys={"x": second}, lines=lines)
    assert "1 of 2 old admins (signed: ana)" in why(two_keys)


def test_t01_an_admin_s_hardware_key_was_touched() -> None:
    """T01: and used with its PIN, where the policy before says so."""
    for flags, pins, counts in ((0, False, 1), (1, False, 2), (1, True, 1), (5, True, 2)):
        hard = smith.sk_ed25519_key(flags=5)
        lines = [line("ana", hard), line("ben"), line("cleo")]
        chain = Chain().add(lines=lines, keys={"ana": hard}, pin=pins)
        weak = smith.Key(hard.kind, hard.blob, hard.own)
        if flags != 5:
            weak = smith.sk_ed25519_key(flags=flags)
            lines = [line("ana", hard), line("ana", weak), line("ben"), line("cleo")]
            chain = Chain().add(lines=lines, keys={"ana": hard}, pin=pins)
        chain.add(signed="ana ben", lines=lines, keys={"ana": weak}, pin=pins)
        assert version(chain) == counts


def test_t03_a_key_that_is_over_endorses_nothing_new() -> None:
    """T03: whatever date the version carries; what the ledger knows to have been in force stays so."""
    over = [line("ana", before="20261120Z"), line("ben"), line("cleo")]
    chain = Chain().add(lines=over).add(signed="ana ben")
    assert version(chain) == 1
    assert "1 of 2 old admins (signed: ben)" in why(chain)
    then = datetime(2026, 11, 10, tzinfo=UTC)
    seen = in_force(chain.all, chain.genesis, then).seen
    assert seen.version == 2
    assert version(chain, seen=seen) == 2


def test_t01_a_key_that_was_taken_back_endorses_nothing_new() -> None:
    """T01: from the moment that its line stands in ``revoked_keys``, without waiting for a signature."""
    chain = Chain().add().add(signed="ana ben")
    seen = in_force(chain.all, chain.genesis, NOW).seen
    chain.revoked = frozenset({public("ana")})
    assert version(chain) == 1
    assert version(chain, seen=seen) == 2
    chain.add(signed="ana cleo")
    assert version(chain, seen=seen) == 2
    force = in_force(chain.all, chain.genesis, NOW, seen)
    assert force.signers.principals(public("ana"), "go@relman.dev", NOW) == ()


def test_a_key_that_was_taken_back_does_not_come_back() -> None:
    """Neither by a later version, nor by a line that was deleted from ``revoked_keys``."""
    lost = smith.ed25519_key()
    chain = Chain(revoked=frozenset({PublicKey.read(lost.line)})).add().add(revoked=(lost.line,))
    assert version(chain) == 2
    chain.add()
    assert "keys that were revoked came back" in why(chain)
    chain.revoked = frozenset()
    with pytest.raises(Tampered, match="revoked_keys lacks a key that was revoked"):
        version(chain)


# ── T19: an admin leaves, a key is lost ──────────────────────────────────────────────────────────


def test_t19_an_admin_who_is_gone_is_replaced_by_the_others() -> None:
    """T19: cleo left; ana and ben take dan in, and cleo's signature counts no more."""
    chain = Chain().add().add("ana ben dan", signed="ana ben")
    assert version(chain) == 2
    chain.add("ana ben dan", signed="cleo ana")
    assert version(chain) == 2


def test_t19_fewer_than_the_quorum_cannot_go_on() -> None:
    """T19: two of three are gone; one alone changes nothing, whomever she lists."""
    chain = Chain().add().add("ana dan eve", signed="ana dan eve")
    assert version(chain) == 1
    assert "1 of 2 old admins" in why(chain)


def test_t19_the_way_out_is_a_new_genesis_in_the_open() -> None:
    """T19: pinned anew by everybody, and refused until the ledger says so too."""
    chain = Chain().add().add()
    seen = in_force(chain.all, chain.genesis, NOW).seen
    chain.add("ana dan eve", previous=None)
    fresh = chain.papers[-1].digest
    assert version(chain) == 2
    with pytest.raises(Tampered, match="another genesis is pinned than the ledger knows"):
        in_force(chain.all, fresh, NOW, seen)
    recorded = Seen(fresh, 3, fresh)
    assert in_force(chain.all, fresh, NOW, recorded).policy.version == 3
    chain.add("ana dan eve")
    assert in_force(chain.all, fresh, NOW, recorded).policy.version == 4
