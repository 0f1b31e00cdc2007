"""What vendors' own pages show of their quirks, and the drive that puts it through the gateway.

The samples beside this module are shortened from the page that each row names: the vendor's shape, few words. Each is
streamed to an OpenAI client, forwarded, and to an Anthropic client, translated.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tests.support.plant import CHAT, MESSAGE, MESSAGES, VENDOR_KEY, Bench, ClientView, account, model
from tests.support.vendors import DONE, says, streams
from trigate.core.usage import UsageSource
from trigate.providers.vendors import KINDS
from trigate.upstream.memory import Vendor

TEXT: Final = "It is 4."
THINKING: Final = "Two and two."
ALL_KNOBS: Final[Mapping[str, object]] = {
    "max_completion_tokens": 50,
    "seed": 7,
    "user": "u1",
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "logit_bias": {"1": 1},
    "logprobs": True,
    "top_logprobs": 2,
    "service_tier": "auto",
    "store": True,
    "verbosity": "low",
    "stream_options": {"include_usage": True},
}
"""One value for every key that some vendor renames or refuses."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One quirk. `tokens` is what the stream used, in and out; `cached` and `reasoning` are of these."""

    stream: Sequence[str] = ()
    tokens: tuple[int, int] = (12, 6)
    cached: int = 0
    reasoning: int = 0
    thinking: str = ""


def bench(kind: str, vendor: Vendor) -> Bench:
    """A gateway with one account of that kind, which the models `chat` and `claude` reach."""
    settings = dict.fromkeys(KINDS[kind].asks, "acme")
    return Bench(
        {"v1": vendor}, [model("chat", "v1"), model("claude", "v1")], providers=(account("v1", kind, **settings),)
    )


def chunk(content: str | None, *, finish: str | None = None, delta: object = None, **more: object) -> str:
    """A chunk in OpenAI's shape; `more` stands beside its choices."""
    said = delta if delta is not None else {} if content is None else {"role": "assistant", "content": content}
    choice = {"index": 0, "delta": said, "finish_reason": finish}
    return json.dumps(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    )


def usage(prompt: int = 12, completion: int = 6, **more: object) -> dict[str, object]:
    """OpenAI's usage object."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}


def usual(finish: str = "stop") -> tuple[str, ...]:
    """A stream as OpenAI itself has it."""
    asked = json.dumps({"id": "c1", "model": "m", "choices": [], "usage": usage()})
    return chunk("It is "), chunk("4."), chunk(None, finish=finish), asked


def played(events: Sequence[str]) -> Vendor:
    """A vendor that streams these events; one that begins with a colon is a comment."""
    lines = [each.encode() if each.startswith(":") else b"data: " + each.encode() for each in events]
    return streams([*(line + b"\n\n" for line in lines), DONE])


def check_stream(kind: str, recorded: Recorded) -> None:
    """The quirk, forwarded and translated: usage is known, thinking is told from text, nothing is lost."""
    _streamed(kind, recorded, "/v1/chat/completions", CHAT)
    view = _streamed(kind, recorded, MESSAGES, MESSAGE)
    assert said(view, "text_delta", "text") == TEXT
    assert said(view, "thinking_delta", "thinking") == recorded.thinking


def _streamed(kind: str, recorded: Recorded, path: str, body: Mapping[str, object]) -> ClientView:
    world = bench(kind, played(recorded.stream))
    view = world.ask(path, {**body, "stream": True})
    settle = world.settle
    assert (view.status, settle.outcome, settle.lost) == (200, "ok", ())
    assert settle.usage is not None and settle.usage.source == UsageSource.REPORTED
    assert (settle.usage.total_input, settle.usage.total_output) == recorded.tokens
    assert (settle.usage.cache_read, settle.usage.reasoning) == (recorded.cached, recorded.reasoning)
    return view


def said(view: ClientView, kind: str, key: str) -> str:
    """The deltas of one kind in an Anthropic stream, joined."""
    events = [json.loads(line[6:]) for line in view.body.decode().splitlines() if line.startswith("data: ")]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return "".join(delta[key] for delta in deltas if delta["type"] == kind)


def check_request(kind: str) -> None:
    """A vendor's renames, on a body that has everything: forwarded, and written for an Anthropic client."""
    renames = KINDS[kind].traits.renames
    world = bench(kind, played(usual()))
    view = world.ask(body={**CHAT, **ALL_KNOBS, "stream": True})
    for key, value in ALL_KNOBS.items():
        name = renames.get(key, key)
        assert name == key or key not in world.sent
        assert name is None or world.sent[name] == value
    dropped = [key for key in ALL_KNOBS if renames.get(key, key) is None]
    assert sorted(filter(None, (view.header("x-trigate-lost") or "").split(", "))) == sorted(dropped)
    assert sorted(world.settle.lost) == sorted(dropped)

    world = bench(kind, played(usual()))
    world.ask(MESSAGES, {**MESSAGE, "stream": True})
    assert world.sent[renames.get("max_completion_tokens", "max_completion_tokens") or ""] == 100
    assert not {key for key, name in renames.items() if name != key} & world.sent.keys()


def check_call(kind: str, whole: bytes) -> None:
    """What every row has: its key in its header and nowhere else, at its URL, and a reply that is carried."""
    world = bench(kind, says(whole))
    view = world.ask()
    call, row = world.calls[0], KINDS[kind]
    assert call.url.endswith("/chat/completions") and "{" not in call.url
    header = ("api-key", VENDOR_KEY) if row.auth == "api-key" else ("authorization", f"Bearer {VENDOR_KEY}")
    assert [each for each in call.headers if VENDOR_KEY in each[1]] == [header]
    assert view.status == 200 and world.settle.outcome == "ok"
    assert VENDOR_KEY.encode() not in view.body + repr(view.headers).encode()
