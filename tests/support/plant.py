"""A gateway in a few lines: real dialects, accounts, selectors and pipeline, between fakes at the seams.

The client, the vendors, the spool and the keys are fakes; time is virtual. `Bench.tape` is the order in which things
happened at those seams.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec

from tests.support.vendors import openai_reply, says
from tests.support.virtual_time import LoopClock, run
from trigate.app.extensions import Pools, extensions
from trigate.config.published import (
    Published,
    PublishedModel,
    PublishedProvider,
    PublishedTarget,
    sealed,
)
from trigate.config.registry import Registry
from trigate.config.secrets import References
from trigate.config.snapshot import Snapshot
from trigate.core.errors import Category, Fault, Refused
from trigate.core.money import Price
from trigate.core.ports import Call, Dialect, Fetcher, HeaderList
from trigate.core.principal import Principal
from trigate.core.record import Attempt, Mark, Open, Record, Settle
from trigate.dialects.anthropic_messages import AnthropicMessages
from trigate.dialects.gemini import Gemini
from trigate.dialects.openai_chat import OpenAIChat
from trigate.pipeline.deadline import Deadline
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.plant import Gauges, Plant, Principals
from trigate.surfaces.gateway import Gateway
from trigate.upstream.breaker import Breakers
from trigate.upstream.memory import MemoryFetcher, Scripted, Vendor
from trigate.wire.json import Body

KEY: Final = "tg-canary-key-0123456789"
VENDOR_KEY: Final = "sk-canary-vendor-9876543210"
CALLER: Final = Principal("acme", "support", "support-1")
PRICE: Final = Price("2026-11", input=2_000_000_000, cache_read=500_000_000, output=8_000_000_000)
DIALECTS: Final[Mapping[str, Dialect]] = {each.name: each for each in (OpenAIChat(), AnthropicMessages(), Gemini())}


class ClientRequest:
    """A request of a client (`core.ports.Request`)."""

    query = ""
    peer = "192.0.2.7"
    listener = "public"

    def __init__(self, method: str, path: str, headers: Mapping[bytes, bytes], body: bytes, arrived_ns: int) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.arrived_ns = arrived_ns
        self.body_read = False
        self._body = body
        self._hang_up: Callable[[], None] | None = None

    async def body(self, limit: int) -> bytes:
        self.body_read = True
        if len(self._body) > limit:
            raise Refused(Fault("body_too_large", Category.TOO_LARGE, 413, "send less"))
        return self._body

    @property
    def task(self) -> "asyncio.Task[None]":
        task = asyncio.current_task()
        assert task is not None
        return task

    def on_hang_up(self, callback: Callable[[], None]) -> None:
        self._hang_up = callback

    def hang_up(self) -> None:
        """The client goes away."""
        if self._hang_up is not None:
            self._hang_up()


class ClientView:
    """What the client got (`core.ports.Responder`). Every handing over and its size goes onto the tape."""

    def __init__(self, tape: list[str]) -> None:
        self.status = 0
        self.headers: HeaderList = []
        self.body = b""
        self.ended = False
        self.aborted = False
        self.stalled: float | None = None
        """Seconds that the client does not read for, from now on."""
        self.handed: asyncio.Event = asyncio.Event()
        self._tape = tape
        self._queue: list[bytes] = []

    @property
    def paused(self) -> bool:
        return self.stalled is not None

    def start(self, status: int, headers: HeaderList) -> None:
        assert not self.status, "started twice"
        self.status, self.headers = status, headers

    def write(self, data: bytes) -> None:
        self._queue.append(data)

    def flush(self) -> None:
        if self._queue:
            self._hand_over("bytes")

    async def drain(self) -> None:
        self.flush()
        if self.stalled is not None:
            await asyncio.sleep(self.stalled)

    async def end(self, data: bytes = b"") -> None:
        assert self.status and not self.ended, "ended twice, or before its start"
        self._queue.append(data)
        self._hand_over("last bytes")
        self.ended = True

    async def abort(self) -> None:
        self._tape.append("abort")
        self.aborted = True

    def header(self, name: str) -> str | None:
        """A header of the reply."""
        return next((value.decode() for key, value in self.headers if key == name.encode()), None)

    @property
    def json(self) -> dict[str, object]:
        """The body as JSON."""
        return cast(dict[str, object], json.loads(self.body))

    @property
    def error(self) -> dict[str, object]:
        """The `error` of the body."""
        return cast(dict[str, object], self.json["error"])

    def _hand_over(self, what: str) -> None:
        self._tape.append(what)
        self.body += b"".join(self._queue)
        self._queue.clear()
        self.handed.set()


class MemorySpool:
    """A spool (`core.ports.Spool`) whose disk may fail: `full` refuses the kinds of record named there."""

    def __init__(self, tape: list[str]) -> None:
        self.records: list[Record] = []
        self.full: tuple[type[object], ...] = ()
        self.broken_sync = False
        self.asked: list[int] = []
        self._tape = tape

    def append(self, record: Record) -> int:
        if isinstance(record, self.full):
            raise OSError(28, "no space left on device")
        self.records.append(record)
        self._tape.append(type(record).__name__.lower())
        return len(self.records)

    def sync_soon(self, sequence: int) -> None:
        self.asked.append(sequence)

    async def synced(self, sequence: int) -> None:
        assert sequence in self.asked, "waits for what nobody has begun"
        await asyncio.sleep(0)
        if self.broken_sync:
            raise OSError(5, "input/output error")
        self._tape.append("synced")


class Keys:
    """The principals table: key -> principal."""

    revision = "feedfacefeedface"

    def __init__(self, principals: Mapping[str, Principal]) -> None:
        self._by_digest = {hashlib.sha256(key.encode()).digest(): each for key, each in principals.items()}

    def find(self, digest: bytes) -> Principal | None:
        return self._by_digest.get(digest)


def account(name: str, kind: str = "openai", **settings: object) -> PublishedProvider:
    """A vendor account at the host `name`."""
    path = "" if kind == "anthropic" else "/v1"
    fields = {"base_url": f"https://{name}.test{path}", "api_key": VENDOR_KEY, **settings}
    return PublishedProvider(name, kind, "eu-1", msgspec.Raw(json.dumps(fields).encode()))


ACCOUNTS: Final = (account("o1"), account("o2"), account("a1", "anthropic"), account("a2", "anthropic"))


def target(provider: str, **fields: object) -> PublishedTarget:
    """A priced target of an account."""
    model = "claude-sonnet-4-5" if provider.startswith("a") else "gpt-4.1"
    target = PublishedTarget(provider, model, price=PRICE, max_output=1000)
    return msgspec.structs.replace(target, **fields)


def model(name: str, *targets: str | PublishedTarget, **fields: object) -> PublishedModel:
    """A model whose targets are these accounts, in this order."""
    places = tuple(target(each) if isinstance(each, str) else each for each in targets)
    return msgspec.structs.replace(PublishedModel(name, places), **fields)


class Bench:
    """A gateway on the bench. `vendors` by account; `published` replaces fields of the configuration."""

    def __init__(
        self,
        vendors: Mapping[str, Vendor] | None = None,
        models: Sequence[PublishedModel] = (model("chat", "o1", "o2"), model("claude", "a1", "a2")),
        keys: Mapping[str, Principal] | None = None,
        **published: object,
    ) -> None:
        self.vendors = {"o1": says(openai_reply()), **(vendors or {})}
        self.tape: list[str] = []
        self.calls: list[Call] = []
        self.settled: dict[str, Settle] = {}
        self.spool = MemorySpool(self.tape)
        self.gauges = Gauges()
        self.breakers = Breakers()
        self.draws: Callable[[], float] = lambda: 0.5
        self.not_ready: str | None = None
        self.fetcher = MemoryFetcher(self._vendor)
        base = Published(providers=ACCOUNTS, models=tuple(models))
        self.snapshot: Snapshot | None = snapshot(msgspec.structs.replace(base, **published), self.fetcher)
        self.table: Principals = Keys(keys if keys is not None else {KEY: CALLER})
        plant = Plant(LoopClock(), self.spool, self.breakers, lambda: self.table, lambda: self.draws(), self.gauges)
        self.gateway = Gateway(plant, lambda: self.snapshot, lambda: self.not_ready, DIALECTS, self._find)

    async def _find(self, exchange_id: str, tenant: str, app: str) -> Settle | None:
        found = next((each for each in self.settles if each.id == exchange_id), None)
        mine = (
            found is not None and found.caller is not None and (found.caller.tenant, found.caller.app) == (tenant, app)
        )
        return found if mine else None

    async def _vendor(self, call: Call) -> Scripted:
        host = urlsplit(call.url).hostname or ""
        name = host.removesuffix(".test")
        self.calls.append(call)
        self.tape.append(f"call {name}")
        return await self.vendors[name](call)

    @property
    def opens(self) -> list[Open]:
        return [each for each in self.spool.records if isinstance(each, Open)]

    @property
    def failures(self) -> list[Attempt]:
        return [each for each in self.spool.records if isinstance(each, Attempt)]

    @property
    def marks(self) -> list[Mark]:
        return [each for each in self.spool.records if isinstance(each, Mark)]

    @property
    def settles(self) -> list[Settle]:
        return [each for each in self.spool.records if isinstance(each, Settle)]

    @property
    def settle(self) -> Settle:
        """The one settle."""
        assert len(self.settles) == 1, f"{len(self.settles)} settles"
        return self.settles[0]

    @property
    def sent(self) -> dict[str, object]:
        """The body of the last call to a vendor."""
        return cast(dict[str, object], json.loads(self.calls[-1].body))

    def ask(
        self,
        path: str = "/v1/chat/completions",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        key: str | None = KEY,
    ) -> ClientView:
        """One request, carried to its end; `body` is JSON, or bytes as they are."""
        return run(self.asked(path, body, headers, method, key))

    async def asked(
        self,
        path: str = "/v1/chat/completions",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        key: str | None = KEY,
    ) -> ClientView:
        """As `ask`, within a story."""
        request, view = self.request(path, body, headers, method, key)
        await self.gateway(request, view)
        return view

    def request(
        self,
        path: str = "/v1/chat/completions",
        body: object = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
        key: str | None = KEY,
    ) -> tuple[ClientRequest, ClientView]:
        """A request and the view of its reply; within a running loop."""
        fields = {"authorization": f"Bearer {key}"} if key else {}
        raw = body if isinstance(body, bytes) else json.dumps(CHAT if body is None else body).encode()
        lines = {name.lower().encode(): value.encode() for name, value in {**fields, **(headers or {})}.items()}
        return ClientRequest(method, path, lines, raw, LoopClock().monotonic_ns()), ClientView(self.tape)


def exchange(bench: Bench, body: object = None, *, dialect: str = "openai_chat", **fields: object) -> Exchange:
    """An exchange as it stands once its body was read; `fields` replaces what it holds."""

    async def opened() -> Exchange:
        task = asyncio.current_task()
        assert task is not None and bench.snapshot is not None
        request, view = bench.request(body=body)
        read = Body(await request.body(1 << 20))
        envelope = DIALECTS[dialect].envelope(read.raw)
        return Exchange(
            id="req_1",
            request=request,
            responder=view,
            deadline=Deadline(task),
            snapshot=bench.snapshot,
            dialect=DIALECTS[dialect],
            surface="openai",
            operation="chat",
            trace="4bf92f3577b34da6a3ce929d0e0e4736",
            span="00f067aa0ba902b7",
            arrived_ns=request.arrived_ns,
            wall_ns=LoopClock().wall_ns(),
            body=read,
            envelope=envelope,
            model_asked=envelope.model,
        )

    made = run(opened())
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def snapshot(published: Published, fetcher: Fetcher) -> Snapshot:
    """A snapshot with the real accounts, selectors and checks, whose targets are reached by `fetcher`."""
    references = References({})
    real = extensions(Registry(), references, Pools(references))
    makers = msgspec.structs.replace(real, fetcher=lambda egress, connect_seconds: fetcher)
    return Snapshot(sealed(published), makers, tuple(DIALECTS.values()))


HI: Final = [{"role": "user", "content": "Hi"}]
CHAT: Final[Mapping[str, object]] = {"model": "chat", "messages": HI}
STREAM: Final[Mapping[str, object]] = {**CHAT, "stream": True}
MESSAGE: Final[Mapping[str, object]] = {"model": "claude", "max_tokens": 100, "messages": HI}
MESSAGES: Final = "/v1/messages"
