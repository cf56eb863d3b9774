"""A small certificate authority for one machine or one test plant: TLS for the broker, identities for OPC UA.

For a demo, a laboratory or a first installation. A plant with its own PKI puts its own files in the same places.
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from plant.errors import FixError

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?")
KEY_BITS = 2048
"""Within the 2048 to 4096 bits that the OPC UA Aes policies ask for (OPC 10000-7)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key, both PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority kept in one folder; what exists there is used again."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The authority's own certificate [PEM], for clients to trust."""
        return self.folder / "ca.pem"

    def issue(
        self,
        name: str,
        *,
        application_uri: str | None = None,
        hosts: Sequence[str] = (),
        valid_days: int = 825,
    ) -> Identity:
        """An identity for ``name`` on this machine; made once, then read from the folder.

        Args:
            name: file stem and common name.
            application_uri: OPC UA application URI; OPC 10000-6, 6.2.2 wants it in the subject alternative name.
            hosts: names and addresses under which others reach the machine, besides ``localhost``: clients
                compare the one they connected to with the certificate.
            valid_days: life of the certificate [d].

        Raises:
            FixError: a host that is neither a name nor an address.
        """
        identity = Identity(self.folder / f"{name}.pem", self.folder / f"{name}-key.pem")
        if identity.certificate.exists() and identity.key.exists():
            return identity
        root_key, root = self._root(valid_days)
        key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        names: list[x509.GeneralName] = [
            *(x509.DNSName(host) for host in sorted({"localhost", socket.gethostname()})),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            *(_host(host) for host in hosts),
        ]
        if application_uri is not None:
            names.insert(0, x509.UniformResourceIdentifier(application_uri))
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = (
            _builder(name, root.subject, key.public_key(), valid_days)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
        )
        _write(identity, key, builder.sign(root_key, hashes.SHA256()))
        return identity

    def _root(self, valid_days: int) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
        files = Identity(self.certificate, self.folder / "ca-key.pem")
        if not (files.certificate.exists() and files.key.exists()):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
            name = _name("plantwatch local authority")
            builder = (
                _builder("plantwatch local authority", name, key.public_key(), valid_days * 4)
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(_key_usage(signs_certificates=True), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            )
            _write(files, key, builder.sign(key, hashes.SHA256()))
        loaded = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise TypeError(f"{files.key} does not hold an RSA key; remove the folder {self.folder} to start anew")
        return loaded, x509.load_pem_x509_certificate(files.certificate.read_bytes())


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        if not _NAME.fullmatch(text):
            raise FixError(f"host {text!r}: give a name of letters, digits, - and dots, or an address") from None
        return x509.DNSName(text)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(common: str, issuer: x509.Name, public: rsa.RSAPublicKey, valid_days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=valid_days))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=not signs_certificates,
        key_encipherment=not signs_certificates,
        data_encipherment=not signs_certificates,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(files: Identity, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
    files.key.touch(mode=0o600)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
