"""The configuration is reloaded under load: no call is lost, and each keeps the revision that it began with."""

import time
from pathlib import Path
from typing import Final

import pytest

from tests.support.gateway import config, gateway, simulator
from tests.support.load import Load, plain, streamed
from tests.torture.evidence import expect_evidence, revisions_of
from tests.torture.limits import minutes

pytestmark = pytest.mark.torture

STREAM: Final = {"provider": "oai", "model": "gpt-4.1+tokens=60;rate=20/s"}
"""Three seconds, so that each stream lives through some reloads."""


def test_a_reload_every_second_drops_nothing(tmp_path: Path) -> None:
    with simulator(tmp_path) as vendor, gateway(tmp_path, config(tmp_path, vendor.url)) as trigate:
        seconds = round(minutes(1)) + 6
        asks = [plain("gpt"), streamed("gpt"), streamed("slow"), streamed("slow", "/v1/messages")]

        def reload(number: int) -> None:
            models = {"gpt": {"provider": "oai", "model": "gpt-4.1"}, "slow": STREAM, f"model-{number}": STREAM}
            trigate.configure(config(tmp_path, vendor.url, models=models))

        reload(0)
        time.sleep(2)
        with Load(trigate.port, asks, connections=24) as load:
            for number in range(1, seconds):
                reload(number)
                time.sleep(1)
        assert not load.failed, load.failed[:3]
        expect_evidence(trigate, load.delivered)
        found = revisions_of(trigate)
        mixed = {each: names for each, names in found.items() if len(names) != 1}
        assert not mixed, f"exchanges on more than one revision: {dict(list(mixed.items())[:3])}"
        revisions = set.union(*found.values())
        print(f"{len(load.calls)} calls over {len(revisions)} of {seconds} revisions")
        assert len(revisions) >= 0.8 * seconds
