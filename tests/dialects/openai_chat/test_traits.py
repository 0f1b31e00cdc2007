"""What the dialect does by the traits of an imitator."""

import json

from trigate.core.chat import Chat, Message, Text, Thinking
from trigate.core.envelope import Envelope
from trigate.dialects.openai_chat import OpenAIChat, Traits

RENAMES = {"max_completion_tokens": "max_tokens", "seed": "random_seed", "user": None, "stream_options": None}


def test_a_request_is_written_in_the_vendors_names_and_says_what_is_lost() -> None:
    chat = Chat(model="m", messages=[Message("user", [Text("Hi")])], stream=True, max_tokens=9, seed=7, user="u")
    body = json.loads(OpenAIChat(Traits(renames=RENAMES)).write_request(chat))
    assert body["max_tokens"] == 9 and body["random_seed"] == 7
    assert not {"max_completion_tokens", "seed", "user", "stream_options"} & body.keys()
    assert chat.lost == ["user"]


def test_a_vendor_that_refuses_stream_options_is_not_asked_for_usage() -> None:
    silent = Envelope(stream=True, wants_usage=False)
    assert "stream_options" not in OpenAIChat(Traits(renames=RENAMES)).forward_edits(silent, "m")
    assert "stream_options" in OpenAIChat().forward_edits(silent, "m")


def test_thinking_goes_back_in_the_vendors_field_or_is_lost() -> None:
    def written(traits: Traits) -> tuple[dict[str, object], list[str]]:
        chat = Chat(model="m", messages=[Message("assistant", [Thinking("hm"), Text("Hi")])])
        return json.loads(OpenAIChat(traits).write_request(chat))["messages"][0], chat.lost

    assert written(Traits())[0]["reasoning_content"] == "hm"
    assert written(Traits(thinking_key="reasoning"))[0] == {"role": "assistant", "content": "Hi", "reasoning": "hm"}
    assert written(Traits(thinking_key=None)) == (
        {"role": "assistant", "content": "Hi"},
        ["messages.content.thinking"],
    )


def test_tags_in_a_whole_reply_become_thinking() -> None:
    body = b'{"choices":[{"message":{"content":"<think>\\nhm\\n</think>\\n\\nHi"},"finish_reason":"stop"}]}'
    content = OpenAIChat(Traits(think_tags=True)).read_reply(body).choices[0].content
    assert content == [Thinking("hm\n"), Text("Hi")]
    assert OpenAIChat().read_reply(body).choices[0].content == [Text("<think>\nhm\n</think>\n\nHi")]
