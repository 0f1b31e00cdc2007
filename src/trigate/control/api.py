"""The control listener's HTTP API. Everything is read-only and nothing is secret; there is no authentication yet, so
the configuration refuses to bind it beyond the loopback addresses.

    GET /livez     200 as long as the process answers
    GET /readyz    200 while a worker takes calls, else 503; why, and which revisions are served
    GET /status    the gateway at a glance (`status.Status`)
    GET /metrics   Prometheus text or OpenMetrics, as `Accept` asks

Handlers are plain functions: they read files, and so run on Starlette's threads. Above: `serve`.
"""

from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from trigate.control.hosts import HostGuard, OwnHosts
from trigate.control.metrics import render
from trigate.control.observed import Observed
from trigate.control.status import readiness_of, status_of

HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def build(observed: Observed, hosts: OwnHosts) -> ASGIApp:
    """The application, reached by the names in `hosts`."""

    def livez(_: Request) -> Response:
        return _json(b'{"alive":true}')

    def readyz(_: Request) -> Response:
        readiness = readiness_of(observed)
        return _json(msgspec.json.encode(readiness), 200 if readiness.ready else 503)

    def status(_: Request) -> Response:
        return _json(msgspec.json.encode(status_of(observed)))

    def metrics(request: Request) -> Response:
        body, content_type = render(observed, request.headers.get("accept", ""))
        return Response(body, headers={**HEADERS, "content-type": content_type})

    routes = [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/status", status),
        Route("/metrics", metrics),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
    app.router.redirect_slashes = False
    return HostGuard(app, hosts)


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, {**HEADERS, "content-type": "application/json"})


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    body = {"error": {"code": code, "message": error.detail}}
    return JSONResponse(body, error.status_code, {**HEADERS, **(error.headers or {})})
