"""Anthropic as the simulator plays it: messages, token counts and the list of models.

Contract: pure but for the prompt cache, which is handed in. `ANTHROPIC` is all that the server needs to know.
Above: `endpoints`. Below: the modules of this package.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from trigate.simulator.answer import compose
from trigate.simulator.anthropic import errors, message
from trigate.simulator.anthropic.request import (
    SAMPLING_REMOVED,
    Request,
    breakpoints,
    check_version,
    decode,
    prompt_tokens,
    read_prompt,
    validate,
)
from trigate.simulator.prefixes import CacheUse
from trigate.simulator.reply import Ask, Headers, Problem, RefusedError, Reply, Vendor

_MODELS: Final = {
    "claude-opus-4-5-20251101": ("Claude Opus 4.5", "opus", "2025-11-24T00:00:00Z"),
    "claude-haiku-4-5-20251001": ("Claude Haiku 4.5", "haiku", "2025-10-15T00:00:00Z"),
    "claude-sonnet-4-5-20250929": ("Claude Sonnet 4.5", "sonnet", "2025-09-29T00:00:00Z"),
}
_HEADERS: Final[Headers] = (("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),)
_LIMITS: Final[Headers] = (
    ("anthropic-ratelimit-requests-limit", "4000"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("anthropic-ratelimit-tokens-limit", "480000"),
    ("anthropic-ratelimit-tokens-remaining", "479000"),
    ("anthropic-ratelimit-input-tokens-limit", "400000"),
    ("anthropic-ratelimit-input-tokens-remaining", "399000"),
    ("anthropic-ratelimit-output-tokens-limit", "80000"),
    ("anthropic-ratelimit-output-tokens-remaining", "80000"),
)


class Messages:
    """A Messages request."""

    __slots__ = ("_request", "_version", "model")

    def __init__(self, request: Request, version: str) -> None:
        if request.model is None:
            raise RefusedError(errors.invalid("model: Field required"))
        self.model = request.model
        self._request = request
        self._version = version

    def reply(self, ask: Ask) -> Reply:
        request = self._request
        validate(request)
        check_version(request, self._version)
        total = prompt_tokens(request)
        points = breakpoints(request)
        cache = ask.prefixes.use(points)
        if not points and ask.script.cached:
            cache = CacheUse(read=min(ask.script.cached, total))
        written = message.Written(
            ask=ask,
            answer=compose(read_prompt(request), ask.script),
            input_tokens=total - cache.total,
            cache=cache,
            repeatable=not points,
        )
        return message.stream(written) if request.stream else message.whole(written)


def count_tokens(body: bytes) -> Reply:
    """The tokens of a prompt, cached or not."""
    request = decode(body)
    validate(request, counting=True)
    return Reply(body=msgspec.json.encode({"input_tokens": prompt_tokens(request)}))


def list_models() -> Reply:
    names = list(_MODELS)
    page = {"data": [_model(name) for name in names], "has_more": False, "first_id": names[0], "last_id": names[-1]}
    return Reply(body=msgspec.json.encode(page))


def get_model(name: str) -> Reply:
    """One model; only those that are listed, though any may be called."""
    if name not in _MODELS:
        raise RefusedError(errors.unknown_model(name))
    return Reply(body=msgspec.json.encode(_model(name)))


def _model(name: str) -> dict[str, object]:
    display, line, created = _MODELS[name]
    return {
        "type": "model",
        "id": name,
        "display_name": display,
        "created_at": created,
        "lifecycle": "active",
        "line": line,
        "deprecated_at": None,
        "retires_at": None,
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": None,
    }


def _authorize(headers: Mapping[str, str]) -> Problem | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = scheme.lower() == "bearer" and bool(token.strip())
    if not headers.get("x-api-key") and not bearer:
        return errors.NO_KEY
    version = headers.get("anthropic-version")
    if not version:
        return errors.NO_VERSION
    if version not in ("2023-06-01", SAMPLING_REMOVED):
        return errors.invalid(f'anthropic-version: "{version}" is not a valid version')
    return None


ANTHROPIC: Final = Vendor(
    name="anthropic",
    problems=errors.PROBLEMS,
    write_problem=errors.write_problem,
    write_error_event=errors.write_error_event,
    success_headers=_HEADERS + _LIMITS,
    error_headers=_HEADERS,
    authorize=_authorize,
    list_models=list_models,
    get_model=get_model,
    decode=lambda body, headers: Messages(decode(body), headers.get("anthropic-version", "")),
)
