"""What a vendor hands to the server: a reply as data, before any fault is staged on it, and the problems it can report.

Contract: values only. Above: the vendors make replies, `staging` turns them into steps. Below: `script`, `answer`.
"""

import difflib
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from trigate.simulator.prefixes import Prefixes
from trigate.simulator.script import Script, ScriptError

Headers = tuple[tuple[str, str], ...]


class Event(msgspec.Struct, frozen=True):
    """One server-sent event, with its blank line, and the output tokens that it carries."""

    data: bytes
    tokens: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole reply, or a stream if there are events. `tokens` are those of a whole reply.

    `repeatable` says that the same request would get the same reply again, so it may be kept.
    """

    status: int = 200
    headers: Headers = ()
    content_type: str = "application/json"
    body: bytes = b""
    events: tuple[Event, ...] | None = None
    tokens: int = 0
    repeatable: bool = True


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error as the vendor words it. `page` is an HTML page that stands in place of the JSON body."""

    status: int
    type: str
    message: str
    param: str | None = None
    code: str | None = None
    retry_after: str = "none"
    page: str | None = None


class RefusedError(Exception):
    """The vendor refuses the request; carries the problem it reports."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """The simulator's side of one call: model without its script, script, and the seed that ids follow from."""

    model: str
    script: Script
    seed: str
    prefixes: Prefixes


class Chat(Protocol):
    """A decoded, not yet validated chat request. `model` is the name as asked, script included."""

    model: str

    def reply(self, ask: Ask) -> Reply:
        """The reply without faults. Raises `RefusedError` if the vendor would refuse the request."""


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """What the server must know of a vendor."""

    name: str
    problems: Mapping[str, Problem]
    write_problem: Callable[[Problem, str], bytes]
    """(problem, request id) -> JSON body."""
    write_error_event: Callable[[Problem, str], bytes]
    """(problem, request id) -> the event that reports it in a stream."""
    success_headers: Headers
    error_headers: Headers
    authorize: Callable[[Mapping[str, str]], Problem | None]
    list_models: Callable[[], Reply]
    get_model: Callable[[str], Reply]
    decode: Callable[[bytes, Mapping[str, str]], Chat]
    """(body, headers) -> request. Raises `RefusedError`."""


def find_problem(problems: Mapping[str, Problem], name: str) -> Problem:
    """The problem of a name or status. Raises `ScriptError` for a name that is unknown."""
    if name in problems:
        return problems[name]
    if name.isdecimal() and 400 <= int(name) <= 599:
        status = int(name)
        same = (problem for problem in problems.values() if problem.status == status)
        other = problems["invalid_request" if status < 500 else "server_error"]
        return next(same, msgspec.structs.replace(other, status=status))
    near = difflib.get_close_matches(name, problems, n=1, cutoff=0.0)[0]
    raise ScriptError(
        f"script: unknown error {name!r}; the nearest known one is {near!r}, or give a status of 400 to 599"
    )
