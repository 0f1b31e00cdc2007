from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigate.simulator.script import HEAD, WORDS, Script, ScriptError, parse, split_model


def test_words_are_read_with_their_units() -> None:
    script = parse("latency=200ms; ttft=1.5s;rate=100/s;tokens=50;huge=2kb;wire=crlf,bytes;text=a%3Bb;tools")
    assert script == Script(
        latency=0.2,
        ttft=1.5,
        rate=100.0,
        tokens=50,
        huge=2048,
        wire=frozenset({"crlf", "bytes"}),
        text="a;b",
        tools=1,
    )


def test_positions() -> None:
    assert parse("silence=head").silence == HEAD
    assert parse("reset=body").reset == 0
    assert parse("eof=3").eof == 3


def test_later_words_win() -> None:
    assert parse("error=500;;error=429").error == "429"


def test_an_empty_script_is_a_plain_reply() -> None:
    assert parse(" ; ;") == Script()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("latancy=1s", "unknown word 'latancy'; the nearest known word is 'latency'"),
        ("latency=200", "latency='200' should be a duration such as 200ms or 1.5s"),
        ("latency", "'latency' needs a value, such as latency=200ms"),
        ("refusal=yes", "refusal='yes' should be no value"),
        ("rate=0/s", "a rate above zero"),
        ("silence=soon", "head, body or a number of events"),
        ("retry_after=later", "7, date:7, ms:1500, absurd, junk or none"),
        ("usage=none", "one of missing, zero, wrong"),
        ("quirk=pings,nothing", "some of"),
        ("status=99", "an HTTP status"),
        ("content_length=5", "a difference in bytes"),
        ("huge=1tb", "a size such as"),
        ("tokens=-1", "a whole number"),
        ("content_type=a%0d%0ab", "printable ASCII"),
        ("silence=1;reset=2", "'silence' and 'reset' exclude each other"),
    ],
)
def test_errors_name_word_and_remedy(text: str, told: str) -> None:
    with pytest.raises(ScriptError, match=told.replace("(", r"\(")):
        parse(text)


def test_after_its_times_a_script_keeps_what_it_says_and_loses_how() -> None:
    script = parse("error=503;latency=1s;tokens=7;times=2")
    assert script.without_faults() == Script(tokens=7)


def test_the_model_ends_at_the_first_plus() -> None:
    assert split_model("gpt-4.1+content_length=+10") == ("gpt-4.1", "content_length=+10")
    assert split_model("gpt-4.1") == ("gpt-4.1", "")


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        assert isinstance(parse(text), Script)
    except ScriptError as error:
        assert str(error)


def test_every_word_is_a_field_and_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/simulator.md").read_text()
    assert {word.name for word in WORDS} == set(Script.__struct_fields__)
    assert [word.name for word in WORDS if f"`{word.name}" not in page] == []
