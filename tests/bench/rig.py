"""What is measured against what: nginx as upstream and as bare proxy, the simulator, and one gateway of one worker.

    client -> gateway, or nginx as a proxy -> nginx with static replies, or the simulator for paced streams

What the static upstream says was asked of the simulator, so it has the vendors' shape. Below: `tests.support.gateway`.
"""

import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.traffic import ANTHROPIC, OPENAI, Dialect, body
from tests.support.gateway import GatewayServer, SimulatorServer, account, config, gateway, simulator
from tests.support.waiting import wait_for

SHORT: Final = 10
LONG: Final = 200
"""Tokens of a short and a long stream: one event each, beside some that every stream has."""
STATIC: Final = ("whole", "short", "long")
"""Kinds of reply that the static upstream gives."""
SCRIPTS: Final = {
    "paced-short": f"tokens={SHORT};rate=500/s",
    "paced-long": f"tokens={LONG};rate=500/s",
    "talk": "tokens=40;rate=40/s",
}
"""Kinds of reply that the simulator gives, and by what script."""
_WHOLE_TOKENS: Final = {OPENAI.name: 12, ANTHROPIC.name: 60}
"""So that the body of a whole reply has 0.6 KB."""

_NGINX: Final = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/errors; {user}
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; server_tokens off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {content}
}}
"""

# A static file is answered to GET alone; as the page of that error it is the answer to POST as well.
_STATIC: Final = """
  open_file_cache max=100 inactive=1h; root {root};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /whole/ {{ default_type application/json; error_page 405 =200 $uri; }}
    location / {{ default_type text/event-stream; error_page 405 =200 $uri; }}
  }}
"""

_PROXY: Final = """
  upstream static {{ server 127.0.0.1:{static}; keepalive 128; keepalive_requests 100000000; }}
  upstream simulator {{ server 127.0.0.1:{simulator}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    location / {{ proxy_pass http://static; }}
    location /simulator/ {{ proxy_pass http://simulator/; }}
  }}
"""


class Missing(Exception):
    """A tool that the bench needs is not installed; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that runs. Port and pid of the proxy are those of nginx."""

    gateway: GatewayServer
    simulator: SimulatorServer
    proxy_port: int
    proxy_pid: int

    @property
    def worker_pid(self) -> int:
        return self.gateway.child("worker-0").pid


def check_tools() -> None:
    """Raises `Missing`. Nothing is installed here."""
    missing = [tool for tool in ("nginx", "wrk") if shutil.which(tool, path=_path()) is None]
    if missing:
        tools = " ".join(missing)
        raise Missing(
            f"the bench needs {' and '.join(missing)}: apt install {tools} (Debian, Ubuntu), brew install {tools}"
        )


@contextmanager
def rig(folder: Path) -> Iterator[Rig]:
    """All of it, running and warm enough to answer; gone afterwards."""
    with ExitStack() as stack:
        vendor = stack.enter_context(simulator(folder))
        _write_replies(folder / "replies", vendor.url)
        static_port, proxy_port = _free_port(), _free_port()
        stack.enter_context(
            _nginx(folder / "static", static_port, _STATIC.format(root=folder / "replies", port=static_port))
        )
        content = _PROXY.format(static=static_port, simulator=vendor.port, port=proxy_port)
        proxy = stack.enter_context(_nginx(folder / "nginx", proxy_port, content))
        settings = _settings(folder, f"http://127.0.0.1:{static_port}", vendor.url)
        trigate = stack.enter_context(gateway(folder, settings))
        yield Rig(trigate, vendor, proxy_port, proxy)


def model(upstream: Dialect, kind: str) -> str:
    """The model by whose name the gateway gets that kind of reply from an upstream of that dialect."""
    return f"{upstream.name}-{kind}"


def script(upstream: Dialect, kind: str) -> str:
    """The vendor's model, with the script that has the simulator give that kind of reply."""
    return f"{upstream.vendor_model}+{SCRIPTS[kind]}"


def _settings(folder: Path, static: str, vendor: str) -> dict[str, object]:
    providers: dict[str, object] = {}
    models: dict[str, object] = {}
    for dialect in (OPENAI, ANTHROPIC):
        for kind in (*STATIC, *SCRIPTS):
            name = model(dialect, kind)
            base = vendor if kind in SCRIPTS else f"{static}/{kind}"
            providers[name] = account(dialect.name, base + dialect.base_path)
            models[name] = {
                "provider": name,
                "model": script(dialect, kind) if kind in SCRIPTS else dialect.vendor_model,
            }
    prices = {"*": {"input": 2, "output": 8}}
    blocks = {"providers": providers, "models": models, "prices": prices}
    return config(folder, static, workers=1, evidence={"fsync": "group"}, **blocks)


def _write_replies(root: Path, vendor: str) -> None:
    """The files of the static upstream, by kind and the path that a vendor's SDK asks for."""
    for dialect in (OPENAI, ANTHROPIC):
        replies = {kind: _reply(dialect, vendor, kind) for kind in STATIC}
        assert replies["long"].count(b"\n\n") - replies["short"].count(b"\n\n") == LONG - SHORT
        for kind, reply in replies.items():
            path = root / kind / dialect.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(reply)


def _reply(dialect: Dialect, vendor: str, kind: str) -> bytes:
    tokens = {"whole": _WHOLE_TOKENS[dialect.name], "short": SHORT, "long": LONG}[kind]
    asked = body(dialect, f"{dialect.vendor_model}+tokens={tokens}", stream=kind != "whole")
    request = urllib.request.Request(vendor + dialect.path, asked, dict(dialect.headers("sk-any")))
    with urllib.request.urlopen(request) as reply:
        return bytes(reply.read())


@contextmanager
def _nginx(folder: Path, port: int, content: str) -> Iterator[int]:
    folder.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user, content=content))
    command = ["nginx", "-e", str(folder / "errors"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, env={**os.environ, "PATH": _path()})
    try:
        wait_for(lambda: _answers(port) or process.poll() is not None, "nginx to listen")
        if process.poll() is not None:
            raise Missing(f"nginx does not start:\n{(folder / 'errors').read_text()}")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _path() -> str:
    """Debian keeps nginx where only root looks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
