import hashlib
import re
import zlib
from pathlib import Path

from tests.config.files import SHA
from trigate.config.keyfile import DIGITS, BadLine, KeyLine, hash_key, line_numbers, new_key, read_key_file


def test_a_key_carries_its_checksum() -> None:
    key = new_key()
    match = re.fullmatch(r"tg-([0-9A-Za-z]{43})([0-9A-Za-z]{6})", key)
    assert match
    number = 0
    for digit in match[2]:
        number = number * 62 + DIGITS.index(digit)
    assert number == zlib.crc32(match[1].encode())


def test_keys_differ() -> None:
    assert len({new_key() for _ in range(100)}) == 100


def test_the_hash_is_sha256_in_hex() -> None:
    assert hash_key("tg-abc") == hashlib.sha256(b"tg-abc").hexdigest()


def test_a_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text(
        f'{{"id": "a", "sha256": "{SHA}"}}\n\n'
        f'{{"id": "b", "sha256": "{SHA}", "expires": "2030-01-01", "models": ["m"], "user": "u",'
        ' "tenant": "t", "app": "x"}'
    )
    assert read_key_file(str(path)) == [
        KeyLine("a", SHA),
        KeyLine("b", SHA, "2030-01-01", ("m",), "u", "t", "x"),
    ]
    assert line_numbers(str(path)) == [1, 3]


def test_each_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_bytes(
        f'{{"id": "a", "sha256": "{SHA}"}}\n{{"id": "b"}}\n{{"id": \n{{"id": "c", "sha256": "x", "sha": 1}}\n'.encode()
        + b'{"id": "\xff"}\n'
    )
    lines = read_key_file(str(path))
    assert [line.line if isinstance(line, BadLine) else line.id for line in lines] == ["a", 2, 3, 4, 5]
    reasons = [line.reason for line in lines if isinstance(line, BadLine)]
    assert "sha256" in reasons[0] and "sha" in reasons[2]


def test_half_a_file_is_an_error_at_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.jsonl"
    path.write_text(f'{{"id": "a", "sha256": "{SHA}"}}\n{{"id": "b", "sha2')
    assert read_key_file(str(path))[1:] == [BadLine(2, "is not a JSON object in UTF-8")]
