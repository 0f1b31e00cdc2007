"""Run in a network namespace of its own: the gateway at work, and every address that anything there tried to reach.

Every address of the world is made local, so that an attempt to reach it is a packet on the loopback, which is watched.
Prints one JSON object: `allowed` ports, `reached` as a list of [address, port] of each first packet, and all
`addresses`, those that the demonstration reached included.
"""

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import anthropic
import openai

from tests.support.gateway import KEY, GatewayServer, config, gateway, simulator

SETUP: Final = (
    ("ip", "link", "set", "lo", "up"),
    ("ip", "route", "add", "local", "default", "dev", "lo"),
)
EVERY_PROTOCOL: Final = 3
TRAP: Final = ("192.0.2.53", 53)
"""A forbidden packet of our own, to see that the watch works."""


class Watch:
    """Notes where each TCP connection and each datagram goes to."""

    def __init__(self) -> None:
        self.reached: set[tuple[str, int]] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERY_PROTOCOL))
        self._socket.bind(("lo", 0))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            packet = self._socket.recv(128)
            if packet[0] >> 4 != 4:
                self.reached.add(("not IPv4", packet[6] if packet else 0))
                continue
            head = (packet[0] & 15) * 4
            address, protocol = socket.inet_ntoa(packet[16:20]), packet[9]
            port = struct.unpack_from("!H", packet, head + 2)[0]
            opens = protocol != socket.IPPROTO_TCP or packet[head + 13] & 0x12 == 0x02
            if opens and protocol != socket.IPPROTO_ICMP:
                self.reached.add((address, port))


def use(server: GatewayServer) -> None:
    """What an application does in a day."""
    messages: list[Any] = [{"role": "user", "content": "Hello"}]
    with openai.OpenAI(api_key=KEY, base_url=f"{server.url}/v1", max_retries=0) as chat:
        for model in ("gpt", "claude", "fall"):
            for stream in (False, True):
                reply = chat.chat.completions.create(model=model, messages=messages, stream=stream)
                assert not stream or list(reply)
        assert list(chat.models.list())
    with anthropic.Anthropic(api_key=KEY, base_url=server.url, max_retries=0) as claude:
        for model in ("gpt", "claude"):
            with claude.messages.stream(model=model, max_tokens=50, messages=messages) as events:
                assert events.get_final_text()
            claude.messages.count_tokens(model=model, messages=messages)
    server.wait_recorded()


def main(folder: Path) -> None:
    for command in SETUP:
        subprocess.run(command, check=True)
    watch = Watch()
    with simulator(folder) as vendor, gateway(folder, config(folder, vendor.url)) as server:
        use(server)
        allowed = [vendor.port, server.port, server.addresses["control"][1]]
    reached = sorted(watch.reached)
    subprocess.run([sys.executable, "-m", "trigate", "demo", "--once"], check=True, stdout=subprocess.DEVNULL)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trap:
        trap.sendto(b"?", TRAP)
    while TRAP not in watch.reached:
        time.sleep(0.01)
    addresses = sorted({address for address, _ in watch.reached - {TRAP}})
    print(json.dumps({"allowed": allowed, "reached": reached, "addresses": addresses}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
