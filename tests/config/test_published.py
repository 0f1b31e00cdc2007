import msgspec
import pytest

from trigate.config.published import KnownModel, Published, PublishedLimits, decode, encode, known_model, sealed
from trigate.core.money import Price

PUBLISHED = Published(limits=PublishedLimits(body_bytes=1))


def test_the_revision_covers_what_shapes_behaviour_and_nothing_else() -> None:
    revision = sealed(PUBLISHED).revision
    assert len(revision) == 16
    for other in (
        msgspec.structs.replace(PUBLISHED, compiled_ns=7),
        msgspec.structs.replace(PUBLISHED, principals="x.tbl"),
        msgspec.structs.replace(PUBLISHED, revision="old"),
    ):
        assert sealed(other).revision == revision
    assert sealed(msgspec.structs.replace(PUBLISHED, currency="EUR")).revision != revision


def test_it_reads_back() -> None:
    assert decode(encode(sealed(PUBLISHED))) == sealed(PUBLISHED)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"format": 99}', encode(PUBLISHED)[:-5]])
def test_another_format_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="published snapshot"):
        decode(data)


def test_what_is_known_of_a_model() -> None:
    exact, first, second = (KnownModel(Price(version)) for version in ("exact", "first", "second"))
    known = {"gpt-4.1": exact, "gpt-4*": first, "gpt-*": second}
    assert [known_model(known, name) for name in ("gpt-4.1", "gpt-4o", "gpt-5")] == [exact, first, second]
    assert known_model(known, "claude") == KnownModel()
    assert known_model({"a": exact}, "A") == KnownModel()
