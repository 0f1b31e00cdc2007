"""An envelope of which nothing is known asks for nothing."""

from trigate.core.envelope import Envelope


def test_defaults() -> None:
    envelope = Envelope()
    assert (envelope.model, envelope.stream, envelope.n, envelope.max_tokens, envelope.tier) == (
        "",
        False,
        1,
        None,
        None,
    )
    assert envelope.wants_usage


def test_one_requests_metadata_is_not_anothers() -> None:
    first, second = Envelope(), Envelope()
    first.metadata["a"] = "b"
    assert second.metadata == {}
    assert second.params is not first.params
