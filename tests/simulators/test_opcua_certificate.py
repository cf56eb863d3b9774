"""The simulated server's certificate: made once, never replaced, and clear words about a wrong one."""

from pathlib import Path

import pytest

from plant.errors import FixError
from simulators.opcua_certificate import ensure_certificate, read_identity


def test_a_certificate_is_made_once_and_never_replaced(tmp_path: Path) -> None:
    certificate, key = tmp_path / "x" / "server.pem", tmp_path / "y" / "key.pem"
    ensure_certificate(certificate, key, "urn:x")
    assert key.stat().st_mode & 0o777 == 0o600
    before = certificate.read_bytes()
    assert before.startswith(b"-----BEGIN CERTIFICATE")
    ensure_certificate(certificate, key, "urn:y")
    assert certificate.read_bytes() == before
    key.unlink()
    with pytest.raises(FixError, match=r"key\.pem is missing"):
        ensure_certificate(certificate, key, "urn:x")


def test_der_and_pem_files_are_read(tmp_path: Path) -> None:
    for suffix in ("der", "pem"):
        certificate, key = tmp_path / f"server.{suffix}", tmp_path / f"key-{suffix}.pem"
        ensure_certificate(certificate, key, "urn:x")
        identity = read_identity(certificate, key)
        assert identity.key.public_key() == identity.certificate.public_key()


def test_damaged_files_and_a_foreign_key_are_clear_errors(tmp_path: Path) -> None:
    for name in ("a", "b"):
        ensure_certificate(tmp_path / f"{name}.der", tmp_path / f"{name}-key.pem", "urn:x")
    with pytest.raises(FixError, match="the key is not that of the certificate"):
        read_identity(tmp_path / "a.der", tmp_path / "b-key.pem")
    (tmp_path / "a.der").write_bytes(b"no certificate")
    with pytest.raises(FixError, match=r"a\.der .* cannot be read"):
        read_identity(tmp_path / "a.der", tmp_path / "a-key.pem")
