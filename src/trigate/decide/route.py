"""The order in which a model's targets are tried."""

from collections.abc import Sequence

from trigate.core.facts import Candidate
from trigate.core.ports import Selector


def order_targets(selector: Selector, candidates: Sequence[Candidate], primaries: int, draw: float) -> tuple[int, ...]:
    """Indexes of the targets, best first: what the selector makes of the primaries, then the fallbacks as written.

    The first `primaries` candidates are the selector's; the rest are fallbacks. Targets whose breaker is open go to
    the end, in the same order: with all of them open the first is still tried.
    """
    if len(candidates) == 1:
        return (candidates[0].index,)
    wanted = [*selector.order(candidates[:primaries], draw), *(c.index for c in candidates[primaries:])]
    open_breakers = {candidate.index for candidate in candidates if candidate.breaker_open}
    if not open_breakers:
        return tuple(wanted)
    return tuple(sorted(wanted, key=open_breakers.__contains__))
