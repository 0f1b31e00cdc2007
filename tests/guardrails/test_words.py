import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trigate.core.part import Part, PartKind
from trigate.core.ports import Guardrail
from trigate.guardrails.words import Config, build


def guardrail(*deny: str) -> Guardrail:
    return build("no-names", Config(deny=deny))


def verdict(text: str, *deny: str, complete: bool = True) -> str | None:
    return guardrail(*deny).inspect(Part(PartKind.USER, text, complete=complete))


@pytest.mark.parametrize("text", ["Falcon", "the FALCON flies", "(falcon)", "blue falcon.", "project  x: blue falcon"])
def test_a_denied_word_is_found_whatever_its_case(text: str) -> None:
    assert verdict(text, "falcon") is not None


@pytest.mark.parametrize("text", ["", "falconry", "a falcons' nest", "_falcon", "fal con"])
def test_a_part_of_another_word_is_no_match(text: str) -> None:
    assert verdict(text, "falcon") is None


def test_a_phrase_is_found_and_its_signs_are_literal() -> None:
    assert verdict("see c++ (draft)", "c++ (draft)") is not None
    assert verdict("see cxx draft", "c++ (draft)") is None


def test_a_word_at_the_end_of_an_incomplete_part_may_go_on() -> None:
    assert verdict("a falcon", "falcon", complete=False) is None
    assert verdict("a falcon ", "falcon", complete=False) is not None


def test_the_reason_does_not_quote_the_content() -> None:
    assert "falcon" not in str(verdict("falcon", "falcon"))


def test_the_reach_covers_the_longest_word_and_the_sign_behind_it() -> None:
    assert guardrail("ab", "abcd").reach == 5


@pytest.mark.parametrize("settings", [{}, {"deny": []}, {"deny": [""]}, {"deny": ["x"], "on": []}, {"words": ["x"]}])
def test_settings_that_say_nothing_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate(settings)


@given(st.text(alphabet="ab ", max_size=30))
def test_the_verdict_is_that_of_splitting_at_spaces(text: str) -> None:
    assert (verdict(text, "ab") is not None) == ("ab" in text.split(" "))
