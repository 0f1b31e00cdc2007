"""Every field of OpenAI's request has a place: carried, refused, settled, or known to be a knob."""

from openai.types.chat.completion_create_params import CompletionCreateParamsBase

from trigate.dialects.openai_chat.request_shapes import FEATURES, REQUEST_KEYS, SETTLED

KNOBS = {
    "logit_bias",
    "logprobs",
    "metadata",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "top_logprobs",
    "verbosity",
}


def test_every_field_of_the_sdk_is_decided_on() -> None:
    known = set(CompletionCreateParamsBase.__annotations__)
    assert known - REQUEST_KEYS - SETTLED - FEATURES.keys() == KNOBS
    assert not FEATURES.keys() & REQUEST_KEYS
