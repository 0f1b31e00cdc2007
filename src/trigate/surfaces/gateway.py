"""The front door of a worker: one coroutine per request, from its path to its answer.

Above is `server`, which speaks HTTP; below is `pipeline.run`, which carries out what is asked. Health answers without
a key; everything else needs one.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

from trigate.config.snapshot import Snapshot
from trigate.core.errors import Category, Fault, Refused
from trigate.core.ports import Dialect, HeaderList, Request, Responder
from trigate.core.principal import Principal
from trigate.core.record import Settle
from trigate.pipeline.deadline import Deadline
from trigate.pipeline.exchange import Exchange
from trigate.pipeline.heads import JSON, error_head
from trigate.pipeline.identify import identify_unexpired
from trigate.pipeline.plant import Plant
from trigate.pipeline.run import run
from trigate.surfaces import exchanges, models
from trigate.surfaces.json_array import JsonArrayResponder
from trigate.surfaces.routes import EXCHANGES, SURFACES, Route, dialect_of, find
from trigate.surfaces.trace import trace_of

HEALTH: Final = ("/livez", "/readyz")
MAX_LABEL: Final = 256
NOT_READY: Final = Fault("not_ready", Category.OVERLOADED, 503, "the gateway is starting; try again", None, 1000)

KEY_IN_URL: Final = Fault(
    "key_in_url",
    Category.AUTHENTICATION,
    401,
    "send the key in `x-goog-api-key`: a URL with a key in it ends up in logs, and this one should be revoked",
)

FindExchange = Callable[[str, str, str], Awaitable[Settle | None]]
"""(id, tenant, app) -> the settled exchange, if this app made it."""


class Gateway:
    """Routes requests. `snapshot` is read once per request: an exchange never sees two configurations."""

    def __init__(
        self,
        plant: Plant,
        snapshot: Callable[[], Snapshot | None],
        not_ready: Callable[[], str | None],
        dialects: Mapping[str, Dialect],
        find_exchange: FindExchange,
    ) -> None:
        """`not_ready` gives a stable reason code while the worker should get no traffic."""
        self._plant = plant
        self._snapshot = snapshot
        self._not_ready = not_ready
        self._dialects = dialects
        self._find_exchange = find_exchange
        self._random_bits: Final = random.Random().getrandbits
        self._instance: Final = f"{random.SystemRandom().getrandbits(64):016x}"
        self._count = 0

    async def __call__(self, request: Request, responder: Responder) -> None:
        """Answer one request."""
        if request.path in HEALTH:
            await self._health(request.path, responder)
            return
        self._count += 1
        exchange_id = f"req_{self._instance}{self._count:08x}"
        dialect = self._dialects[dialect_of(request.path, request.headers)]
        try:
            snapshot = self._snapshot()
            if snapshot is None:
                raise Refused(NOT_READY)
            route = self._route(request, snapshot)
            dialect = self._dialects[route.dialect]
            if route.operation == "exchange":
                await self._show_exchange(request, responder, snapshot)
            elif route.operation in ("models", "model"):
                await self._show_models(request, responder, snapshot, route)
            else:
                await self._exchange(request, responder, snapshot, exchange_id, route)
        except Refused as refused:
            fault = refused.fault
            responder.start(fault.status, error_head(exchange_id, fault))
            await responder.end(dialect.write_error(fault, exchange_id))

    def _route(self, request: Request, snapshot: Snapshot) -> Route:
        """The route of the request's path. Raises `Refused` (404, 405)."""
        listener = snapshot.listeners.get(request.listener)
        route = find(request.path, request.headers) if listener is None or "model" in listener.gates else None
        alias = snapshot.aliases.get(request.path)
        if alias is not None:
            route = Route("POST", SURFACES[alias.dialect], alias.dialect, "chat", alias.model)
        if route is None:
            message = f"there is nothing at {request.path} on this listener"
            raise Refused(Fault("path_not_found", Category.NOT_FOUND, 404, message))
        if request.method != route.method:
            message = f"{request.path} takes {route.method}, not {request.method}"
            raise Refused(Fault("method_not_allowed", Category.INVALID, 405, message))
        if route.surface == "gemini" and "key" in parse_qs(request.query, keep_blank_values=True):
            raise Refused(KEY_IN_URL)
        return route

    async def _exchange(
        self, request: Request, responder: Responder, snapshot: Snapshot, exchange_id: str, route: Route
    ) -> None:
        """Open an exchange and carry it out. A client that hangs up cancels it, and with it the upstream call."""
        task, clock, headers = request.task, self._plant.clock, request.headers
        exchange = Exchange(
            id=exchange_id,
            request=request,
            responder=array_or(responder, route, request.query),
            deadline=Deadline(task),
            snapshot=snapshot,
            dialect=self._dialects[route.dialect],
            surface=route.surface,
            operation=route.operation,
            model_asked=route.model,
            stream_asked=route.stream,
            trace=trace_of(headers.get(b"traceparent"), self._random_bits),
            span=f"{self._random_bits(64) or 1:016x}",
            arrived_ns=request.arrived_ns,
            started_ns=clock.monotonic_ns(),
            wall_ns=clock.wall_ns(),
            run=text_header(headers, b"x-trigate-run"),
            use_case=text_header(headers, b"x-trigate-use-case"),
        )

        def hang_up() -> None:
            exchange.hung_up = True
            task.cancel()

        request.on_hang_up(hang_up)
        gauges = self._plant.gauges
        gauges.exchanges += 1
        gauges.in_flight += 1
        try:
            await run(exchange, self._plant)
        finally:
            gauges.in_flight -= 1
            gauges.streams -= exchange.begun and exchange.streamed

    async def _show_models(self, request: Request, responder: Responder, snapshot: Snapshot, route: Route) -> None:
        principal = self._caller(request)
        if route.operation == "models":
            body = models.write_list(models.visible(snapshot, principal), route.dialect)
        else:
            body = models.write_one(snapshot, principal, route.model or "", route.dialect)
        responder.start(200, [JSON])
        await responder.end(body)

    def _caller(self, request: Request) -> Principal:
        """Who asks for what is no exchange. Raises `Refused` (401)."""
        return identify_unexpired(request.headers, self._plant.principals(), self._plant.clock.wall_ns())

    async def _show_exchange(self, request: Request, responder: Responder, snapshot: Snapshot) -> None:
        principal = self._caller(request)
        wanted = request.path.removeprefix(EXCHANGES)
        settled = await self._find_exchange(wanted, principal.tenant, principal.app)
        if settled is None:
            message = "no exchange of this app has that id; one that has just ended may take a moment to appear"
            raise Refused(Fault("exchange_not_found", Category.NOT_FOUND, 404, message))
        responder.start(200, [JSON])
        await responder.end(exchanges.write(settled, snapshot.currency))

    async def _health(self, path: str, responder: Responder) -> None:
        """`/livez`: the loop turns. `/readyz`: send traffic here, or a stable reason why not; no more for strangers."""
        reason = self._not_ready() if path == "/readyz" else None
        status: HeaderList = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        responder.start(503 if reason else 200, status)
        await responder.end(reason.encode() if reason else b"ok")


def array_or(responder: Responder, route: Route, query: str) -> Responder:
    """A Gemini client that does not ask for server-sent events (`alt=sse`) gets its stream as one JSON array."""
    if route.surface != "gemini" or not route.stream or parse_qs(query).get("alt") == ["sse"]:
        return responder
    return JsonArrayResponder(responder)


def text_header(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    """A header of the request contract as text, cut at 256 characters; None when absent or empty."""
    value = headers.get(name)
    return value[:MAX_LABEL].decode("latin-1") if value else None
