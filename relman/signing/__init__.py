"""Who said so, provably: OpenSSH signatures over canonical bytes, and the list of whose keys count.

What it is not: the go/no-go's verification, which stands in ``gates``; here are its parts. Private keys
are never touched: ``ssh-keygen`` signs, and anybody can verify with ``ssh-keygen -Y verify``.

Signing, and verifying without a program::

    key = OwnKey.of(root, explicit="")                  # --key, else git's user.signingKey
    done = signed(content, GO, key, emit)               # done.signature is what a .sig holds
    by = verified(content, signature, GO)               # by.key.fingerprint, by.touched; or Tampered

A duty (a shift accepted, a meeting held, the model reviewed)::

    done = Duty.taken("oncall.accepted", "ana", now, {"start": …, "end": …}).signed(key, emit)
    detail = {"statement": done.content.decode(), "signature": done.signature}
    duty, by = Duty.verified(content, signature)        # duty.person, duty.facts, by.key.fingerprint

Whose key that is (a list from the policy in force, never one from the working tree)::

    signers = Signers.read(allowed_signers_bytes).without(read_revoked(revoked_keys_bytes))
    signers.principals(by.key, GO, now)                 # ("ana@example.com",), empty if nobody's
    signers.entitled("ana@example.com", by, now)        # or Refused, with every reason

The policy in force, and what a commit changed of relman.toml without a signature::

    genesis = pinned(environ, "github.com/acme/api", root)
    force = in_force(Papers.load(root), genesis, now, seen)   # seen: what the ledger remembers, or None
    force.policy, force.digest, force.signers, force.ahead, force.seen
    now_digests = digests(config.source.document(), read_file_at_commit)
    need_unchanged(force.policy.sections, now_digests, force.policy.version, "ana, ben and cleo")

``Tampered`` (7) says that a signature does not hold for the bytes, ``Refused`` (3) that it does not count.
"""

from relman.signing.chain import InForce, Paper, Papers, Seen, in_force
from relman.signing.genesis import pin, pinned
from relman.signing.guarded import differences, digests, need_unchanged
from relman.signing.keygen import OwnKey, Signed, signed
from relman.signing.keys import PublicKey
from relman.signing.policy import Policy
from relman.signing.signers import Signer, Signers, read_revoked
from relman.signing.sshsig import Signature, Verified, verified
from relman.signing.statements import (
    CHECKPOINT,
    CI,
    DUTY,
    GO,
    NAMESPACES,
    OVERRIDE,
    POLICY,
    Duty,
    Subject,
    Vote,
    Waiver,
)
from relman.signing.strict import canonical, need, parsed, read

__all__ = [
    "CHECKPOINT",
    "CI",
    "DUTY",
    "GO",
    "NAMESPACES",
    "OVERRIDE",
    "POLICY",
    "Duty",
    "InForce",
    "OwnKey",
    "Paper",
    "Papers",
    "Policy",
    "PublicKey",
    "Seen",
    "Signature",
    "Signed",
    "Signer",
    "Signers",
    "Subject",
    "Verified",
    "Vote",
    "Waiver",
    "canonical",
    "differences",
    "digests",
    "in_force",
    "need",
    "need_unchanged",
    "parsed",
    "pin",
    "pinned",
    "read",
    "read_revoked",
    "signed",
    "verified",
]
