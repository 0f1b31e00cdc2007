"""Listening sockets: shares, inheritance, and words that help when they cannot be had."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from trigate.server.listeners import Address, Binding, Listener, ListenError, activated, adopted, listen

LOOPBACK = Address("127.0.0.1", 0)
PID = 4242


@pytest.fixture
def given() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def one(binding: Binding, *inherited: socket.socket) -> Listener:
    return listen([binding], {binding.name: inherited} if inherited else {})[binding.name]


def accepted(descriptor: int) -> int:
    """How many connections wait in one socket's queue; takes them."""
    count = 0
    with socket.socket(fileno=os.dup(descriptor)) as server:
        while True:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


def test_connections_are_spread_over_the_shares_of_one_port() -> None:
    listener = one(Binding("data", LOOPBACK, shares=2))
    assert listener.address.port > 0
    clients = [socket.create_connection(("127.0.0.1", listener.address.port)) for _ in range(64)]
    counts = [accepted(descriptor) for descriptor in listener.descriptors]
    for client in clients:
        client.close()
    listener.close()
    assert sum(counts) == 64
    assert min(counts) > 8


def test_each_slot_has_its_share_and_none_is_inherited_unasked() -> None:
    listener = one(Binding("data", LOOPBACK, shares=2))
    assert listener.share(0) != listener.share(1)
    assert listener.share(2) == listener.share(0)
    assert not any(os.get_inheritable(descriptor) for descriptor in listener.descriptors)
    listener.close()


def test_ipv6_stands_beside_ipv4_on_the_same_port() -> None:
    four = one(Binding("four", Address("0.0.0.0", 0)))
    six = one(Binding("six", Address("::", four.address.port)))
    assert str(six.address) == f"[::]:{four.address.port}"
    four.close()
    six.close()


@pytest.mark.parametrize("reusing", [False, True])
def test_a_stranger_on_the_port_is_named(reusing: bool) -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=reusing) as stranger:
        binding = Binding("data", Address("127.0.0.1", stranger.getsockname()[1]))
        with pytest.raises(
            ListenError, match=rf"listen\.data: .* in use by process {os.getpid()} .*listen\.data\.bind"
        ):
            one(binding)


@pytest.mark.parametrize(
    ("host", "words"),
    [("192.0.2.1", "no interface of this machine"), ("no-such-host.invalid", "the host is unknown")],
)
def test_an_address_of_elsewhere_is_explained(host: str, words: str) -> None:
    with pytest.raises(ListenError, match=words):
        one(Binding("data", Address(host, 0)))


def test_after_a_failure_nothing_stays_open(given: socket.socket) -> None:
    port = one(Binding("probe", LOOPBACK))
    free = port.address
    port.close()
    with pytest.raises(ListenError, match=r"listen\.second"):
        listen([Binding("first", free), Binding("second", Address("192.0.2.1", 1))], {})
    one(Binding("again", free)).close()


def test_shares_are_added_to_inherited_ones_and_surplus_ones_are_closed() -> None:
    before = one(Binding("data", LOOPBACK, shares=2))
    address = before.address
    three = one(Binding("data", LOOPBACK, shares=3), *adopted([os.dup(each) for each in before.descriptors]))
    assert three.address == address
    assert len(three.descriptors) == 3
    one_left = one(Binding("data", LOOPBACK, shares=1), *adopted([os.dup(each) for each in three.descriptors]))
    assert one_left.address == address
    assert len(one_left.descriptors) == 1
    for listener in (before, three, one_left):
        listener.close()


def test_a_socket_without_reuse_is_shared_by_all_workers(given: socket.socket) -> None:
    listener = one(Binding("data", LOOPBACK, shares=4), *adopted([os.dup(given.fileno())]))
    assert listener.share(0) == listener.share(3)
    listener.close()


def test_what_was_inherited_for_no_listener_is_closed(given: socket.socket) -> None:
    [unwanted] = adopted([os.dup(given.fileno())])
    listen([Binding("data", LOOPBACK)], {"old": [unwanted]})["data"].close()
    assert unwanted.fileno() == -1


@pytest.mark.parametrize("listening", [False, True])
def test_a_socket_that_is_not_tcp_or_does_not_listen_is_refused(tmp_path: Path, listening: bool) -> None:
    with socket.socket(socket.AF_UNIX if listening else socket.AF_INET) as wrong:
        if listening:
            wrong.bind(str(tmp_path / "socket"))
            wrong.listen()
        with pytest.raises(ListenError, match="was to be a TCP socket that listens"):
            adopted([os.dup(wrong.fileno())])


def test_a_descriptor_that_is_no_socket_is_refused() -> None:
    reading, writing = os.pipe()
    with pytest.raises(ListenError, match="was to be a listening socket"):
        adopted([reading])
    os.close(reading)
    os.close(writing)


def environ(count: str, names: str = "", pid: int = PID) -> dict[str, str]:
    return {"LISTEN_PID": str(pid), "LISTEN_FDS": count, "LISTEN_FDNAMES": names}


def test_activation_for_another_process_is_left_alone() -> None:
    bindings = [Binding("data", LOOPBACK)]
    assert activated({}, PID, bindings) == {}
    assert activated(environ("1", "data", PID + 1), PID, bindings) == {}
    assert activated(environ("0"), PID, bindings) == {}


def test_an_unreadable_number_of_activated_sockets_is_refused() -> None:
    with pytest.raises(ListenError, match="LISTEN_FDS is 'many'"):
        activated(environ("many"), PID, [Binding("data", LOOPBACK)])


class Activation:
    """Runs `activated` in a child, since descriptors from 3 on are its own there. Answers over a pipe."""

    def __init__(self, *sockets: socket.socket) -> None:
        self._sockets = sockets

    def names(self, names: str, bindings: list[Binding]) -> str:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(writing, 100)
                for index, each in enumerate([os.dup(each.fileno()) for each in self._sockets]):
                    os.dup2(each, 3 + index)
                try:
                    found = activated(environ(str(len(self._sockets)), names, os.getpid()), os.getpid(), bindings)
                    answer = ",".join(f"{name}={socks[0].fileno()}" for name, socks in found.items())
                except ListenError as error:
                    answer = str(error)
                os.write(100, answer.encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(pid, 0)
        return answer


def test_activated_sockets_are_known_by_name_else_by_address(given: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as second:
        by_name = Binding("data", LOOPBACK)
        by_address = Binding("tools", Address("127.0.0.1", second.getsockname()[1]))
        found = Activation(given, second).names("data:trigate.socket", [by_name, by_address])
    assert found == "data=3,tools=4"


def test_an_activated_socket_that_nobody_wants_is_refused_with_the_names(given: socket.socket) -> None:
    answer = Activation(given).names("web", [Binding("data", LOOPBACK), Binding("tools", LOOPBACK)])
    assert "named 'web'" in answer
    assert "data, tools" in answer


def test_two_activated_sockets_for_one_listener_are_refused(given: socket.socket) -> None:
    assert "two sockets for listen.data" in Activation(given, given).names("data:data", [Binding("data", LOOPBACK)])
