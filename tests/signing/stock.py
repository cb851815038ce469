"""What stock OpenSSH says: the other verifier."""

from __future__ import annotations

import subprocess
from pathlib import Path

FOR_EVER = 'namespaces="*"'


def accepts(
    folder: Path, message: bytes, signature: bytes, namespace: str, signers: str, *, who: str, at: str = ""
) -> bool:
    """Whether ``ssh-keygen -Y verify`` ends with 0.

    Args:
        folder: Where the files are put.
        message: What was signed.
        signature: Armoured.
        namespace: What for.
        signers: An allowed_signers file.
        who: The principal.
        at: When, as YYYYMMDDHHMMSSZ; now if empty.
    """
    (folder / "sig").write_bytes(signature)
    (folder / "signers").write_bytes(signers.encode())
    command = ["ssh-keygen", "-Y", "verify", "-f", str(folder / "signers"), "-I", who, "-n", namespace]
    command += ["-s", str(folder / "sig"), *([f"-Overify-time={at}"] if at else [])]
    return subprocess.run(command, input=message, capture_output=True, check=False).returncode == 0
