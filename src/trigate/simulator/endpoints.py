"""Finds the reply to a request: route, vendor, key, script, error or answer, and the steps to play.

Contract: `plan` never raises; whatever is wrong with a request becomes a reply in the form of its vendor.
Above: `connection`. Below: the vendors, `staging`, `stats`.
"""

import email.utils
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from trigate.simulator import anthropic, ids, openai
from trigate.simulator.anthropic.errors import unknown_path
from trigate.simulator.anthropic.errors import wrong_method as wrong_anthropic_method
from trigate.simulator.openai.errors import unknown_url
from trigate.simulator.openai.errors import wrong_method as wrong_openai_method
from trigate.simulator.prefixes import Prefixes
from trigate.simulator.reply import Ask, Headers, Problem, RefusedError, Reply, Vendor, find_problem
from trigate.simulator.script import Script, ScriptError, parse, split_model
from trigate.simulator.staging import Channel, Step, stage
from trigate.simulator.stats import Stats

BODY_LIMIT: Final = 32 << 20
"""Bytes of a request; more is answered with 413, as by Anthropic."""

_KEPT_PLANS: Final = 512
_KEPT_BODY: Final = 64 << 10
_COUNTED_SCRIPTS: Final = 10_000
_STATS_PATH: Final = "/simulator/stats"
_CHATS: Final = {"/v1/chat/completions": openai.OPENAI, "/v1/messages": anthropic.ANTHROPIC}
_COUNT_PATH: Final = "/v1/messages/count_tokens"


_Key = tuple[str, bytes, str, str, Channel]


class Request(msgspec.Struct, frozen=True):
    """A request as received. Header names are in lower case; repeated headers are joined by commas."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    channel: Channel = Channel()
    too_large: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What to play. `model` is empty where there is none."""

    path: str
    steps: tuple[Step, ...]
    stream: bool = False
    model: str = ""


class _Drawn(msgspec.Struct, frozen=True):
    """A reply with the script to stage it by, and whether the same request will get the same again."""

    reply: Reply
    script: Script
    model: str
    repeatable: bool


class Endpoints:
    """One simulator's answers and what it remembers between them."""

    def __init__(self, stats: Stats, now: Callable[[], datetime]) -> None:
        self._stats = stats
        self._now = now
        self._prefixes = Prefixes()
        self._calls: dict[str, int] = {}
        self._plans: dict[_Key, Plan] = {}

    def plan(self, request: Request, vendor: Vendor, request_id: str) -> Plan:
        """What to play. `vendor` is `vendor_of(request)`, which the form of the request id depends on."""
        unauthorized = vendor.authorize(request.headers) if request.path.startswith("/v1/") else None
        key = _key(request)
        if unauthorized is None and request.method == "POST":
            kept = self._plans.get(key)
            if kept is not None:
                return kept
        drawn = self._draw(request, vendor, unauthorized, request_id)
        event = b""
        if drawn.script.error_event is not None:
            name = "overloaded" if vendor is anthropic.ANTHROPIC else "server_error"
            event = vendor.write_error_event(vendor.problems[name], request_id)
        steps = stage(drawn.reply, drawn.script, request.channel, event)
        plan = Plan(request.path, steps, drawn.reply.events is not None, drawn.model)
        if drawn.repeatable and len(request.body) <= _KEPT_BODY:
            self._keep(key, plan)
        return plan

    def _keep(self, key: _Key, plan: Plan) -> None:
        if len(self._plans) >= _KEPT_PLANS:
            del self._plans[next(iter(self._plans))]
        self._plans[key] = plan

    def _draw(self, request: Request, vendor: Vendor, unauthorized: Problem | None, request_id: str) -> _Drawn:
        try:
            if request.too_large:
                raise RefusedError(vendor.problems["request_too_large"])
            if unauthorized is not None:
                raise RefusedError(unauthorized)
            if request.path in _CHATS and request.method == "POST":
                return self._chat(request, vendor, request_id)
            reply = self._other(request, vendor)
        except RefusedError as refused:
            reply = self._problem_reply(vendor, refused.problem, "", request_id)
            return _Drawn(reply, Script(), "", repeatable=False)
        return _Drawn(_with_headers(reply, vendor.error_headers), Script(), "", repeatable=False)

    def _other(self, request: Request, vendor: Vendor) -> Reply:
        """Everything that is not a chat."""
        path, method = request.path, request.method
        if path == _STATS_PATH and method in ("GET", "HEAD"):
            return Reply(body=msgspec.json.encode(self._stats))
        if path == _COUNT_PATH and method == "POST":
            return anthropic.count_tokens(request.body)
        if method in ("GET", "HEAD") and (path == "/v1/models" or path.startswith("/v1/models/")):
            name = path.removeprefix("/v1/models").removeprefix("/")
            return vendor.get_model(name) if name else vendor.list_models()
        known = path in _CHATS or path in (_COUNT_PATH, "/v1/models", _STATS_PATH)
        if vendor is anthropic.ANTHROPIC:
            raise RefusedError(wrong_anthropic_method() if known else unknown_path())
        raise RefusedError(wrong_openai_method(method, path) if known else unknown_url(method, path))

    def _chat(self, request: Request, vendor: Vendor, request_id: str) -> _Drawn:
        chat = vendor.decode(request.body, request.headers)
        header = request.headers.get("x-simulate", "")
        model, text = split_model(chat.model)
        try:
            script = parse(f"{text};{header}")
            problem = find_problem(vendor.problems, script.error) if script.error else None
        except ScriptError as error:
            raise RefusedError(_script_problem(vendor, str(error))) from None
        if script.times is not None and self._called_before(f"{chat.model};{header}") >= script.times:
            script, problem, counted = script.without_faults(), None, True
        else:
            counted = script.times is not None
        if script.redirect is not None:
            reply = _redirect(script.redirect, request.path)
        elif problem is not None:
            reply = self._problem_reply(vendor, problem, script.retry_after or problem.retry_after, request_id)
        else:
            reply = self._answer(chat.reply, model, script, request)
            reply = _with_headers(
                reply, vendor.success_headers + _retry_headers(script.retry_after or "none", self._now())
            )
        repeatable = reply.repeatable and not counted and problem is None and script.error_event is None
        return _Drawn(reply, script, model, repeatable and script.retry_after is None)

    def _answer(self, write: Callable[[Ask], Reply], model: str, script: Script, request: Request) -> Reply:
        seed = ids.digest(request.body, request.headers.get("x-simulate", "").encode())
        return write(Ask(model=model, script=script, seed=seed, prefixes=self._prefixes))

    def _called_before(self, script: str) -> int:
        """How often this very script was called; counts the call."""
        before = self._calls.pop(script, 0)
        if len(self._calls) >= _COUNTED_SCRIPTS:
            del self._calls[next(iter(self._calls))]
        self._calls[script] = before + 1
        return before

    def _problem_reply(self, vendor: Vendor, problem: Problem, retry_after: str, request_id: str) -> Reply:
        headers = vendor.error_headers + _retry_headers(retry_after or problem.retry_after, self._now())
        if problem.page is not None:
            return Reply(status=problem.status, headers=headers, content_type="text/html", body=problem.page.encode())
        return Reply(status=problem.status, headers=headers, body=vendor.write_problem(problem, request_id))


def _key(request: Request) -> _Key:
    """All that a reply depends on."""
    headers = request.headers
    script, version = headers.get("x-simulate", ""), headers.get("anthropic-version", "")
    return request.path, request.body, script, version, request.channel


def vendor_of(request: Request) -> Vendor:
    """By path; where both vendors have the path, by the headers that only Anthropic's clients send."""
    if request.path.startswith("/v1/messages"):
        return anthropic.ANTHROPIC
    if request.path in _CHATS:
        return _CHATS[request.path]
    foreign = "anthropic-version" in request.headers or "x-api-key" in request.headers
    return anthropic.ANTHROPIC if foreign else openai.OPENAI


def _script_problem(vendor: Vendor, message: str) -> Problem:
    return Problem(status=400, type="invalid_request_error", message=message, param="model", code="invalid_script")


def _redirect(target: str, path: str) -> Reply:
    location = target or f"http://redirected.invalid{path}"
    return Reply(status=302, headers=(("location", location),), content_type="text/html", body=b"<h1>Found</h1>")


def _with_headers(reply: Reply, headers: Headers) -> Reply:
    return msgspec.structs.replace(reply, headers=reply.headers + headers)


def _retry_headers(form: str, now: datetime) -> Headers:
    """The header that a `retry_after` form stands for (RFC 9110, 10.2.3; `retry-after-ms` is OpenAI's own)."""
    if form == "none":
        return ()
    if form == "absurd":
        return (("retry-after", "31536000"),)
    if form == "junk":
        return (("retry-after", "soon"),)
    kind, _, value = form.rpartition(":")
    if kind == "date":
        return (("retry-after", email.utils.format_datetime(now + timedelta(seconds=int(value)), usegmt=True)),)
    return (("retry-after-ms" if kind == "ms" else "retry-after", value),)
