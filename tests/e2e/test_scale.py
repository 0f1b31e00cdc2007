"""Many keys and many models: the start does not wait for them, and neither does a reload."""

import hashlib
import json
import time
from pathlib import Path

import pytest

from tests.e2e.world import caller
from tests.support.caller import Caller
from tests.support.gateway import KEY, config, gateway
from tests.support.load import Load, plain
from tests.support.recording import RecordingVendor
from tests.support.waiting import wait_for
from trigate.config.keyfile import hash_key

pytestmark = pytest.mark.e2e

KEYS = 100_000
MODELS = 1_000
READY_WITHIN = 15.0
"""Seconds. 5 s are promised, on a machine that does nothing else."""


def write_keys(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write(json.dumps({"id": "first", "sha256": hash_key(KEY)}) + "\n")
        for number in range(count):
            digest = hashlib.sha256(f"tg-{number}".encode()).hexdigest()
            file.write(f'{{"id": "key-{number}", "sha256": "{digest}"}}\n')


def test_a_hundred_thousand_keys_and_a_thousand_models(tmp_path: Path, vendor: RecordingVendor) -> None:
    write_keys(tmp_path / "keys.jsonl", KEYS)
    models = {f"model-{number}": {"provider": "oai", "model": "gpt-4.1"} for number in range(MODELS)}
    tenants = {"acme": {"apps": {"support": {"keys": {"file": "keys.jsonl"}}}}}
    settings = config(tmp_path, vendor.url, models=models, tenants=tenants)
    began = time.monotonic()
    with gateway(tmp_path, settings) as server:
        ready = time.monotonic() - began
        print(f"ready after {ready:.2f} s")
        assert ready <= READY_WITHIN
        address = server.url.removeprefix("http://")
        for key in (KEY, "tg-0", f"tg-{KEYS // 2}", f"tg-{KEYS - 1}"):
            assert Caller(address, key).chat(f"model-{MODELS - 1}").status == 200
        assert Caller(address, f"tg-{KEYS}").chat("model-0").status == 401
        assert len(caller(server).get("/v1/models").json()["data"]) == MODELS
        with Load(server.port, [plain("model-0")], 2) as load:
            wait_for(lambda: len(load.delivered) > 50, "the load to run")
            write_keys(tmp_path / "keys.draft", KEYS + 1)
            (tmp_path / "keys.draft").replace(tmp_path / "keys.jsonl")
            wait_for(lambda: Caller(address, f"tg-{KEYS}").chat("model-0").status == 200, "the new key", READY_WITHIN)
        assert load.failed == []
        slowest = max(call.ended - call.began for call in load.calls)
        print(f"slowest call over the reload: {1000 * slowest:.0f} ms")
        assert slowest < 1.0
