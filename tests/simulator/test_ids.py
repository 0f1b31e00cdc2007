from trigate.simulator.ids import digest, ident


def test_identifiers_follow_from_seed_and_index() -> None:
    first = ident("call_", 24, "seed")
    assert first == ident("call_", 24, "seed")
    assert first.startswith("call_")
    assert len(first) == 29
    assert first[5:].isalnum()
    assert len({first, ident("call_", 24, "seed", 1), ident("call_", 24, "other")}) == 3


def test_a_digest_knows_where_its_parts_end() -> None:
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"ab", b"c") == digest(b"ab", b"c")
