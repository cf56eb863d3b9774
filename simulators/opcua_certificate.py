"""The certificate of a simulated OPC UA server: as given, or made when there is none."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from plant.errors import FixError

_VALID = 825
"""Life of a certificate that is made [d]."""
_PEM = b"-----BEGIN"


def ensure_certificate(certificate: Path, private_key: Path, application_uri: str) -> None:
    """Make both files, self-signed, when neither exists; what exists is never changed.

    The certificate is DER unless its name ends in ``.pem``; the key is PEM, for its owner alone.

    Raises:
        FixError: only one of the two exists, or they cannot be written.
    """
    if certificate.exists() and private_key.exists():
        return
    if certificate.exists() or private_key.exists():
        missing = private_key if certificate.exists() else certificate
        raise FixError(f"OPC UA certificate: {missing} is missing beside its counterpart; give both, or neither")
    key = generate_private_key()
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(application_uri),
        *(x509.DNSName(name) for name in sorted({socket.gethostname(), "localhost"})),
    ]
    subject = {"commonName": "plantwatch simulated plant", "organizationName": "plantwatch"}
    made = generate_self_signed_app_certificate(
        key, application_uri, subject, names, extended=[ExtendedKeyUsageOID.SERVER_AUTH], days=_VALID
    )
    encoding = Encoding.PEM if certificate.suffix == ".pem" else Encoding.DER
    try:
        _write_private(private_key, dump_private_key_as_pem(key))
        certificate.parent.mkdir(parents=True, exist_ok=True)
        certificate.write_bytes(made.public_bytes(encoding))
    except OSError as error:
        raise FixError(f"OPC UA certificate {certificate} cannot be written: {error.strerror}") from error


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """A certificate and the key that belongs to it."""

    certificate: x509.Certificate
    key: RSAPrivateKey


def read_identity(certificate: Path, private_key: Path) -> ServerIdentity:
    """The identity in two files, DER or PEM.

    Raises:
        FixError: they cannot be read, hold something else, or do not belong together.
    """
    what = f"OPC UA certificate {certificate} with key {private_key}"
    try:
        found = _certificate(certificate.read_bytes())
        key = _key(private_key.read_bytes())
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise FixError(f"{what} cannot be read: {error}") from error
    if not isinstance(key, RSAPrivateKey):
        raise FixError(f"{what}: OPC UA needs an RSA key")
    if key.public_key() != found.public_key():
        raise FixError(f"{what}: the key is not that of the certificate")
    return ServerIdentity(found, key)


def _certificate(content: bytes) -> x509.Certificate:
    pem = content.startswith(_PEM)
    return x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)


def _key(content: bytes) -> PrivateKeyTypes:
    pem = content.startswith(_PEM)
    return load_pem_private_key(content, None) if pem else load_der_private_key(content, None)
