import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.config import principals
from trigate.config.principals import PrincipalsTable, compile_table
from trigate.core.principal import Principal


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def principal(name: str) -> Principal:
    return Principal("acme", "support", name, models=("m",), user="ann", expires_ns=7)


def opened(folder: Path, names: list[str]) -> PrincipalsTable:
    path = folder / "keys.tbl"
    path.write_bytes(compile_table((digest(name), principal(name)) for name in names).data)
    return PrincipalsTable.open(str(path))


def test_what_is_in_is_found_and_nothing_else(tmp_path: Path) -> None:
    names = [f"key-{number}" for number in range(3000)]
    table = opened(tmp_path, names)
    assert table.count == 3000
    assert all(table.find(digest(name)) == principal(name) for name in names)
    assert all(table.find(digest(f"no-{number}")) is None for number in range(3000))
    table.close()


def test_an_empty_table_finds_nothing(tmp_path: Path) -> None:
    table = opened(tmp_path, [])
    assert table.find(digest("a")) is None
    table.close()


@given(st.lists(st.binary(min_size=24, max_size=24), unique=True, max_size=40))
def test_digests_that_begin_alike_stand_beside_each_other(tails: list[bytes]) -> None:
    digests = [b"\xff" * 8 + tail for tail in tails]
    with TemporaryDirectory() as folder:
        path = Path(folder, "keys.tbl")
        path.write_bytes(compile_table((each, principal(each.hex())) for each in digests).data)
        table = PrincipalsTable.open(str(path))
        assert [table.find(each) for each in digests] == [principal(each.hex()) for each in digests]
        assert table.find(b"\xff" * 32) is None or b"\xff" * 24 in tails
        table.close()


def test_the_same_entries_give_the_same_bytes() -> None:
    entries = [(digest(name), principal(name)) for name in ("a", "b", "c")]
    forward, backward = compile_table(entries), compile_table(reversed(entries))
    assert forward == backward
    assert len(forward.revision) == 16
    assert forward.revision != compile_table(entries[:2]).revision


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    names = [f"key-{number}" for number in range(principals.CACHED + 10)]
    table = opened(tmp_path, names)
    first = table.find(digest(names[0]))
    assert table.find(digest(names[0])) is first
    for name in names[1:]:
        table.find(digest(name))
    again = table.find(digest(names[0]))
    assert again == first and again is not first
    table.close()


def test_a_closed_table_answers_no_more(tmp_path: Path) -> None:
    table = opened(tmp_path, ["a"])
    table.find(digest("a"))
    table.close()
    with pytest.raises(ValueError, match="closed"):
        table.find(digest("a"))


@pytest.mark.parametrize(("front", "kept"), [(b"", 0), (b"", 10), (b"", -1), (b"X", -1)])
def test_what_is_no_whole_table_is_refused(tmp_path: Path, front: bytes, kept: int) -> None:
    path = tmp_path / "keys.tbl"
    path.write_bytes(front + compile_table([(digest("a"), principal("a"))]).data[:kept])
    with pytest.raises(ValueError, match="principals table"):
        PrincipalsTable.open(str(path))
