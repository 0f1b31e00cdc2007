"""The Rust client is built, or the file that is wrong is named."""

from pathlib import Path

import pytest

from trigate.config.published import PublishedEgress
from trigate.upstream.client import build_client


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ca\.pem"):
        build_client(PublishedEgress(ca=str(tmp_path / "ca.pem")), 1.0)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_text("nothing of use")
    wrong = str(tmp_path / "both.pem")
    with pytest.raises(ValueError):
        build_client(PublishedEgress(client_certificate=wrong, client_key=wrong), 1.0)
