"""Listeners' certificates: usable, and for how long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from trigate.cli.doctor.certificates import certificates, not_after
from trigate.cli.doctor.findings import Finding, Grade
from trigate.config.published import PublishedListener

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def issued(folder: Path, ends: datetime) -> PublishedListener:
    pair = trustme.CA().issue_cert("ai.acme.example", not_after=ends)
    certificate, key = folder / "tls.crt", folder / "tls.key"
    certificate.write_bytes(b"a note\n" + b"".join(each.bytes() for each in pair.cert_chain_pems))
    key.write_bytes(pair.private_key_pem.bytes())
    return PublishedListener("data", certificate=str(certificate), private_key=str(key))


def judge(listener: PublishedListener) -> Finding:
    (found,) = certificates([listener], NOW)
    return found


@pytest.mark.parametrize(
    ("days", "grade"), [(90, Grade.OK), (22, Grade.OK), (20, Grade.WARN), (0, Grade.FAIL), (-1, Grade.FAIL)]
)
def test_time_left(tmp_path: Path, days: int, grade: Grade) -> None:
    found = judge(issued(tmp_path, NOW + timedelta(days=days)))
    assert (found.check, found.grade) == ("listen.data.tls", grade)


@pytest.mark.parametrize("year", [2030, 2049, 2050, 2199])
def test_both_forms_of_time(tmp_path: Path, year: int) -> None:
    """RFC 5280 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050 on."""
    ends = datetime(year, 2, 3, 4, 5, 6, tzinfo=UTC)
    listener = issued(tmp_path, ends)
    text = Path(listener.certificate or "").read_text()
    assert not_after(text) == ends
    assert x509.load_pem_x509_certificate(text.encode()[text.index("-----") :]).not_valid_after_utc == ends


def test_listeners_without_tls_are_left_out() -> None:
    assert not list(certificates([PublishedListener("data")], NOW))


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    listener = issued(tmp_path, NOW + timedelta(days=90))
    Path(listener.private_key or "").write_bytes(trustme.CA().issue_cert("x.example").private_key_pem.bytes())
    found = judge(listener)
    assert found.grade is Grade.FAIL
    assert "no usable pair" in found.message
    assert "PRIVATE KEY" not in found.message


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate(text: str) -> None:
    with pytest.raises(ValueError):
        not_after(text)
