"""The demo's configuration is one that can be served, without a warning that a reader could learn from."""

from pathlib import Path

from trigate.cli.demo.settings import VENDOR_KEY, new_keys, write
from trigate.config.compile import check
from trigate.config.diagnostics import Severity
from trigate.core.clock import SystemClock


def test_it_is_in_order_and_priced(tmp_path: Path) -> None:
    keys = new_keys()
    path = write(tmp_path, "http://127.0.0.1:1", keys)
    found = check(str(path), {VENDOR_KEY: "any"}, SystemClock())
    assert found.published is not None
    assert not [each for each in found.diagnostics if each.severity is Severity.ERROR]
    targets = [target for model in found.published.models for target in model.targets]
    assert all(target.price is not None for target in targets)
    assert keys.assistant not in path.read_text() and keys.intern not in path.read_text()


def test_keys_are_fresh() -> None:
    first, second = new_keys(), new_keys()
    assert len({first.assistant, first.intern, second.assistant, second.intern}) == 4
