"""The stage notices a call that did not do what the demo says it does."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from trigate.cli.console import rich_console
from trigate.cli.demo.calls import CALLS
from trigate.cli.demo.client import Client
from trigate.cli.demo.settings import new_keys
from trigate.cli.demo.stage import Stage


class Handler(BaseHTTPRequestHandler):
    """A gateway that answers, and records nothing."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(500)
        self.send_header("x-request-id", "req_1")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def gateway() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stage(port: int, folder: Path) -> tuple[Stage, io.StringIO]:
    stream, stop = io.StringIO(), threading.Event()
    stop.set()  # so that nothing is waited for
    return Stage(rich_console(stream), Client(port), folder / "usage.db", new_keys(), stop), stream


def test_a_gateway_that_fails_and_records_nothing_is_noticed(tmp_path: Path) -> None:
    with gateway() as port:
        found, _ = stage(port, tmp_path)
        faults = found.perform(CALLS[0])
    assert any("status 500 instead of 200" in fault for fault in faults)
    assert any("not recorded" in fault for fault in faults)
    assert all(fault.startswith("OpenAI: ") for fault in faults)


def test_nobody_there_is_a_fault(tmp_path: Path) -> None:
    found, _ = stage(1, tmp_path)
    assert "refused" in found.perform(CALLS[0])[0]


def test_without_a_terminal_the_table_is_printed_once(tmp_path: Path) -> None:
    found, stream = stage(1, tmp_path)
    with found:
        found.progress()
        found.follow(0.0)
        assert stream.getvalue() == ""
        found.show()
    assert stream.getvalue().count("What happened") == 1
