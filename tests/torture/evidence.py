"""What must hold of the evidence, whatever was killed meanwhile."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.support.gateway import GatewayServer
from tests.support.load import Call
from trigate.core.record import Open, Settle

ALL = 10_000_000


def expect_evidence(trigate: GatewayServer, delivered: Iterable[Call]) -> list[Settle]:
    """Every delivered reply has its `open`, and every `open` is settled once. Returns what is settled."""
    trigate.wait_recorded(60)
    opened = {record.id for record in trigate.records() if isinstance(record, Open)}
    settled = trigate.usage.recent(ALL)
    missing = [call for call in delivered if call.id not in opened]
    assert not missing, f"{len(missing)} delivered replies have no open: {missing[:3]}"
    twice = [each for each, count in Counter(each.id for each in settled).items() if count > 1]
    assert not twice, f"settled twice: {twice[:5]}"
    unsettled = opened - {each.id for each in settled}
    assert not unsettled, f"{len(unsettled)} opens were never settled: {sorted(unsettled)[:5]}"
    return settled


def revisions_of(trigate: GatewayServer) -> dict[str, set[str]]:
    """By exchange: the revisions that its records name, the facts of its decisions included."""
    found: dict[str, set[str]] = defaultdict(set)
    for record in trigate.records():
        if isinstance(record, Open):
            found[record.id].add(record.revision)
        elif isinstance(record, Settle):
            found[record.id].add(record.revision or "")
            if record.facts is not None:
                found[record.id].add(record.facts.revision)
    return found
