"""The certificate under which the platform answers for names that clients ask over TLS alone.

What it is not: an authority. It signs nothing but itself, for these names, and only a client that is pointed
at its file believes it.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relman.embedded.exports import CERTIFICATE
from relman.embedded.ports import DOMAIN

STORAGE = "storage.googleapis.com"
"""gcloud reads a build's log from there, whatever endpoint it is given for Cloud Storage."""
NAMES = (STORAGE, f"*.{DOMAIN}")
FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
KEY = "tls.key"


def context(state: Path) -> ssl.SSLContext:
    """What a server needs to answer under the certificate, which is made when there is none.

    Args:
        state: The platform's folder, where it is kept.
    """
    if not (state / CERTIFICATE).exists():
        _make(state)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(state / CERTIFICATE, state / KEY)
    return made


def _make(state: Path) -> None:
    """The key first: a kill between the two leaves no certificate without one."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    (state / KEY).touch(mode=0o600)
    (state / KEY).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (state / CERTIFICATE).write_bytes(_certificate(key).public_bytes(serialization.Encoding.PEM))


def _certificate(key: Any) -> Any:  # noqa: ANN401 - classes of a package that is imported only here
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relman embedded platform")])
    names = x509.SubjectAlternativeName([x509.DNSName(one) for one in NAMES])
    public = key.public_key()
    builder = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number(), FROM, UNTIL)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    return builder.sign(key, hashes.SHA256())
