"""What a key may ask for."""

from trigate.core.principal import Principal


def test_a_key_without_a_list_may_ask_for_any_model() -> None:
    assert Principal("t", "a", "k").allows_model("gpt-4.1")


def test_a_list_is_all_that_a_key_may_ask_for() -> None:
    listed = Principal("t", "a", "k", models=("gpt-4.1",))
    assert listed.allows_model("gpt-4.1")
    assert not listed.allows_model("gpt-4")
    assert not listed.allows_model("")
    assert not Principal("t", "a", "k", models=()).allows_model("gpt-4.1")
