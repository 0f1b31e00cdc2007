"""OpenAI as the simulator plays it: chat completions and the list of models.

Contract: pure; `OPENAI` is all that the server needs to know. Above: `endpoints`. Below: the modules of this package.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.simulator.answer import compose
from trigate.simulator.openai import completion, errors
from trigate.simulator.openai.request import Request, decode, prompt_tokens, read_prompt, validate
from trigate.simulator.reply import Ask, Headers, Problem, RefusedError, Reply, Vendor

_MODELS: Final = ("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5-mini", "o3", "o4-mini")
_HEADERS: Final[Headers] = (
    ("openai-organization", "org-simulator"),
    ("openai-processing-ms", "12"),
    ("openai-version", "2020-10-01"),
)
_LIMITS: Final[Headers] = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "2000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "1999000"),
    ("x-ratelimit-reset-requests", "6ms"),
    ("x-ratelimit-reset-tokens", "30ms"),
)


class ChatCompletion:
    """A chat completion request."""

    __slots__ = ("_request", "model")

    def __init__(self, request: Request) -> None:
        if not request.model:
            raise RefusedError(errors.NO_MODEL)
        self.model = request.model
        self._request = request

    def reply(self, ask: Ask) -> Reply:
        request = self._request
        validate(request)
        prompt = read_prompt(request, ask.model)
        options = request.stream_options
        tier = request.service_tier or "auto"
        written = completion.Completion(
            ask=ask,
            answers=tuple(compose(prompt, ask.script, variant) for variant in range(request.n or 1)),
            prompt_tokens=prompt_tokens(request),
            tier="default" if tier == "auto" else tier,
            include_usage=options is not None and bool(options.include_usage),
            obfuscate=options is None or options.include_obfuscation is not False,
        )
        return completion.stream(written) if request.stream else completion.whole(written)


def list_models() -> Reply:
    return Reply(body=msgspec.json.encode({"object": "list", "data": [_model(name) for name in _MODELS]}))


def get_model(name: str) -> Reply:
    """One model; only those that are listed, though any may be called."""
    if name not in _MODELS:
        raise RefusedError(errors.unknown_model(name))
    return Reply(body=msgspec.json.encode(_model(name)))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": completion.CREATED, "owned_by": "system"}


def _authorize(headers: Mapping[str, str]) -> Problem | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return None if scheme.lower() == "bearer" and key.strip() else errors.NO_KEY


OPENAI: Final = Vendor(
    name="openai",
    problems=errors.PROBLEMS,
    write_problem=errors.write_problem,
    write_error_event=errors.write_error_event,
    success_headers=_HEADERS + _LIMITS,
    error_headers=_HEADERS,
    authorize=_authorize,
    list_models=list_models,
    get_model=get_model,
    decode=lambda body, headers: ChatCompletion(decode(body)),
)
