"""A configuration that changes while the gateway serves: every way to change it, within a second, all or nothing."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.world import caller, operator
from tests.support.caller import Caller, chat, events
from tests.support.gateway import KEY, GatewayServer, config, gateway
from tests.support.load import Load, plain, streamed
from tests.support.recording import RecordingVendor
from tests.support.waiting import wait_for
from trigate.config.keyfile import hash_key
from trigate.core.record import Open, Settle

pytestmark = pytest.mark.e2e

PROMISED = 1.0
BEARABLE = 8.0
"""On a machine that is busy with other things."""

Settings = dict[str, object]


def tenants(*keys: str) -> dict[str, object]:
    listed = [{"id": f"key-{number}", "sha256": hash_key(key)} for number, key in enumerate((KEY, *keys))]
    return {"acme": {"apps": {"support": {"keys": listed}}}}


def everywhere(server: GatewayServer, check: Callable[[Caller], bool], key: str = KEY) -> bool:
    """Whether it holds for every one of so many connections that each worker takes some."""
    return all(check(caller(server, key)) for _ in range(12))


def until(server: GatewayServer, check: Callable[[Caller], bool], key: str = KEY) -> float:
    """Seconds until it holds in all workers."""
    began = time.monotonic()
    wait_for(lambda: everywhere(server, check, key), "the change to be in force everywhere", BEARABLE)
    return time.monotonic() - began


def test_models_and_keys_by_atomic_replacement(tmp_path: Path, vendor: RecordingVendor) -> None:
    settings = config(tmp_path, vendor.url)
    took = []
    with gateway(tmp_path, settings) as server:
        for turn in range(3):
            model, key = f"new-{turn}", f"tg-new-{turn}"
            assert caller(server).chat(model).status == 404
            assert caller(server, key).chat("gpt").status == 401
            models = {"gpt": {"provider": "oai"}, model: {"provider": "oai", "model": "gpt-4.1"}}
            server.configure(settings | {"models": models, "tenants": tenants(key)})
            took.append(until(server, lambda client, model=model: client.chat(model).status == 200, key))  # type: ignore[misc]
            assert len(server.revisions()) == 1
        assert caller(server, "tg-new-0").chat("gpt").status == 401, "a key that is gone is refused"
    print("in force after", *(f"{seconds:.2f} s" for seconds in took))
    assert min(took) <= PROMISED


def test_a_key_file_alone(tmp_path: Path, vendor: RecordingVendor) -> None:
    """Keys have a revision of their own: the snapshot stays the same."""
    keys = tmp_path / "keys.jsonl"
    write_keys(keys, [KEY])
    blocks = {"tenants": {"acme": {"apps": {"support": {"keys": {"file": "keys.jsonl"}}}}}}
    with gateway(tmp_path, config(tmp_path, vendor.url, **blocks)) as server:
        before = server.revisions()
        assert caller(server, "tg-second").chat("gpt").status == 401
        write_keys(keys, [KEY, "tg-second"])
        until(server, lambda client: client.chat("gpt").status == 200, "tg-second")
        write_keys(keys, [KEY])
        until(server, lambda client: client.chat("gpt").status == 401, "tg-second")
        assert server.revisions() == before


def write_keys(path: Path, keys: list[str]) -> None:
    lines = [json.dumps({"id": f"key-{number}", "sha256": hash_key(key)}) for number, key in enumerate(keys)]
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join(lines))
    draft.replace(path)


def test_a_mounted_config_map(tmp_path: Path, vendor: RecordingVendor) -> None:
    """Kubernetes swaps the link `..data`; the names that are read are links through it."""
    mount = tmp_path / "mounted"
    mount.mkdir()
    settings = config(tmp_path, vendor.url)
    publish_map(mount, "first", settings)
    (mount / "trigate.yaml").symlink_to("..data/trigate.yaml")
    with gateway(tmp_path, json.dumps({"include": "mounted/trigate.yaml"})) as server:
        assert caller(server).chat("mapped").status == 404
        publish_map(mount, "second", settings | {"models": {"mapped": {"provider": "oai", "model": "gpt-4.1"}}})
        until(server, lambda client: client.chat("mapped").status == 200)


def publish_map(mount: Path, version: str, settings: Settings) -> None:
    folder = mount / f"..{version}"
    folder.mkdir()
    (folder / "trigate.yaml").write_text(json.dumps(settings))
    link = mount / "..data.tmp"
    link.symlink_to(folder.name)
    link.replace(mount / "..data")


def test_sighup(tmp_path: Path, vendor: RecordingVendor) -> None:
    """An edit that leaves no trace in the file's status is seen when it is asked for."""
    first = json.dumps(config(tmp_path, vendor.url, models={"one": {"provider": "oai", "model": "gpt-4.1"}}))
    with gateway(tmp_path, first) as server:
        status = server.config.stat()
        server.config.write_text(first.replace('"one"', '"two"'))
        os.utime(server.config, ns=(status.st_atime_ns, status.st_mtime_ns))
        os.kill(server.pid, signal.SIGHUP)
        until(server, lambda client: client.chat("two").status == 200)
        assert caller(server).chat("one").status == 404


def test_a_broken_configuration_changes_nothing(tmp_path: Path, vendor: RecordingVendor) -> None:
    settings = config(tmp_path, vendor.url)
    with gateway(tmp_path, settings) as server:
        before = server.revisions()
        broken = {
            "syntax": "models: {gpt: [",
            "unknown field": json.dumps(settings | {"modles": {}}),
            "dangling": json.dumps(settings | {"models": {"gpt": {"provider": "nowhere"}}}),
            "empty": "",
        }
        for name, text in broken.items():
            server.configure(text)
            found = wait_for(lambda: failed_config(server), f"{name} to be reported")
            assert found is not None and lines(found)[0] >= 1, name
            assert everywhere(server, lambda client: client.chat("gpt").status == 200), name
            assert server.revisions() == before
            server.configure(settings)
            wait_for(lambda: not failed_config(server), "the repair to be seen")
        server.config.unlink()
        wait_for(lambda: failed_config(server), "the missing file to be reported")
        assert everywhere(server, lambda client: client.chat("gpt").status == 200)
        assert operator(server).get("/readyz").status == 200


def lines(config: dict[str, object]) -> list[int]:
    """Where the errors are."""
    diagnostics = config["diagnostics"]
    assert isinstance(diagnostics, list)
    return [each["line"] for each in diagnostics if each["severity"] == "error"]


def failed_config(server: GatewayServer) -> dict[str, object] | None:
    """The block `config` of the status, if its last check failed."""
    found: dict[str, object] = operator(server).get("/status").json()["config"]
    return found if found["failure"] else None


def test_a_stream_keeps_its_snapshot(tmp_path: Path, vendor: RecordingVendor) -> None:
    """Its model, its provider and its key are all gone before it ends."""
    settings = config(tmp_path, vendor.url)
    slow = chat("oai/gpt-4.1+rate=20/s;tokens=60", stream=True)
    with gateway(tmp_path, settings) as server:
        (before,) = server.revisions()
        with caller(server).stream("/v1/chat/completions", slow) as response:
            exchange = response.getheader("x-request-id")
            stream = events(response)
            next(stream)
            providers = {"other": {"kind": "openai_compatible", "base_url": f"{vendor.url}/v1", "api_key": "sk-x"}}
            models = {"gpt": {"provider": "other", "model": "gpt-4.1"}}
            server.configure(
                settings | {"providers": providers, "models": models, "tenants": tenants("tg-next") | {"x": {}}}
            )
            wait_for(lambda: before not in server.revisions(), "the new configuration", BEARABLE)
            assert caller(server).chat("oai/gpt-4.1").status == 404
            *_, last = stream
        assert last["choices"][0]["finish_reason"] == "stop"
        server.wait_recorded()
        (record,) = (each for each in server.usage.recent(100) if each.id == exchange)
        assert (record.outcome, record.revision) == ("ok", before)


def test_reloads_under_load(tmp_path: Path, vendor: RecordingVendor) -> None:
    """One a second: no stream is dropped, and each exchange is on exactly one revision."""
    settings = config(tmp_path, vendor.url)
    with gateway(tmp_path, settings) as server:
        seen = set(server.revisions())
        with Load(server.port, [streamed("oai/gpt-4.1+rate=50/s;tokens=40"), plain("gpt")], 8) as load:
            for turn in range(5):
                models = {"gpt": {"provider": "oai", "model": "gpt-4.1"}, f"turn-{turn}": {"provider": "ant"}}
                server.configure(settings | {"models": models})
                seen |= next_revision(server, seen)
                delivered = len(load.delivered)
                wait_for(lambda before=delivered: len(load.delivered) > before, "calls to be delivered")  # type: ignore[misc]
        assert load.failed == []
        assert len(seen) == 6
        revisions: dict[str, set[str | None]] = {}
        for record in server.records():
            if isinstance(record, Open | Settle):
                revisions.setdefault(record.id, set()).add(record.revision)
        assert all(len(each) == 1 for each in revisions.values())
        assert {revision for each in revisions.values() for revision in each} <= seen


def next_revision(server: GatewayServer, seen: set[str]) -> set[str]:
    """The one that all workers serve, once it is none of those seen."""
    wait_for(lambda: server.revisions() - seen, "the next revision", BEARABLE)
    wait_for(lambda: len(server.revisions()) == 1, "all workers on it", BEARABLE)
    return server.revisions()
