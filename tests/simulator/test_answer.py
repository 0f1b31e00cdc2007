import json

from trigate.simulator import tokens
from trigate.simulator.answer import Image, Prompt, Tool, compose
from trigate.simulator.script import Script

WEATHER = Tool("weather", {"type": "object", "properties": {"city": {"type": "string"}}})
CLOCK = Tool("clock", None)


def test_the_default_answer_quotes_the_caller() -> None:
    answer = compose(Prompt(text="Hello"), Script())
    assert answer.text == 'This is a simulated answer to: "Hello"'
    assert (answer.stop, answer.output_tokens) == ("end", tokens.count(answer.text))


def test_the_same_prompt_gets_the_same_answer() -> None:
    assert compose(Prompt(text="a"), Script(tools=1)) == compose(Prompt(text="a"), Script(tools=1))


def test_images_are_described() -> None:
    images = (Image("image/png", 123), Image("a URL", None))
    text = compose(Prompt(text="?", images=images), Script()).text
    assert text.startswith("I see an image of image/png, 123 bytes. I see an image of a URL. This is")


def test_tools_are_called_in_parallel_and_the_result_is_quoted() -> None:
    answer = compose(Prompt(text="?", tools=(WEATHER, CLOCK)), Script(tools=3))
    assert [call.name for call in answer.calls] == ["weather", "clock", "weather"]
    assert json.loads(answer.calls[0].arguments) == {"city": "city"}
    assert (answer.stop, answer.text) == ("tools", "")
    after = compose(Prompt(text="?", tools=(WEATHER,), results=("18 C",)), Script(tools=3))
    assert (after.calls, after.text) == ((), 'The tool says: "18 C"')


def test_the_request_can_forbid_parallel_calls_and_force_one() -> None:
    assert len(compose(Prompt(text="?", tools=(WEATHER,), parallel=False), Script(tools=2)).calls) == 1
    assert len(compose(Prompt(text="?", tools=(WEATHER,), must_call=True), Script()).calls) == 1
    assert compose(Prompt(text="?", must_call=True), Script(tools=2)).calls == ()


def test_limits_cut_the_text_and_count_thinking_first() -> None:
    answer = compose(Prompt(text="?", limit=10, thinking=4), Script(tokens=50))
    assert (answer.stop, answer.thinking_tokens, answer.text_tokens, answer.output_tokens) == ("length", 4, 6, 10)
    assert compose(Prompt(text="?", limit=50), Script(tokens=50)).stop == "end"
    nothing = compose(Prompt(text="?", limit=4, thinking=64), Script())
    assert (nothing.text, nothing.stop) == ("", "length")


def test_the_first_stop_sequence_ends_the_text() -> None:
    answer = compose(Prompt(text="?", stops=("two", "one")), Script(text="zero one two"))
    assert (answer.text, answer.stop, answer.stop_sequence) == ("zero ", "stop_sequence", "one")


def test_the_shape_of_the_answer_can_be_asked_for() -> None:
    shape = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert compose(Prompt(text="?", shape=shape), Script()).text == '{"n":1}'


def test_scripted_texts() -> None:
    prompt = Prompt(text="all of it " * 100)
    assert compose(prompt, Script(echo=True)).text == prompt.text
    assert compose(prompt, Script(tokens=7)).text_tokens == 7
    assert compose(prompt, Script(refusal=True)).stop == "refusal"
    filtered = compose(prompt, Script(text="abcd", content_filter=True))
    assert (filtered.text, filtered.stop) == ("ab", "filter")


def test_choices_differ() -> None:
    assert compose(Prompt(text="?"), Script(), 0).text != compose(Prompt(text="?"), Script(), 1).text
