"""`count_tokens`, where the vendor counts and where nobody does."""

import pytest

from tests.support.plant import MESSAGE, Bench, model
from tests.support.vendors import refuses, says

COUNT = "/v1/messages/count_tokens"


@pytest.mark.parametrize("more", [{}, {"stream": True}])
def test_a_vendor_that_counts_is_asked_and_nothing_is_charged(more: dict[str, bool]) -> None:
    bench = Bench({"a1": says(b'{"input_tokens":42}')})
    view = bench.ask(COUNT, {**MESSAGE, **more})
    assert (view.status, view.body) == (200, b'{"input_tokens":42}')
    assert bench.calls[0].url == "https://a1.test/v1/messages/count_tokens"
    settle = bench.settle
    assert (settle.operation, settle.outcome, settle.stream) == ("count_tokens", "ok", bool(more))
    assert settle.charge is not None and settle.charge.total == 0
    assert bench.opens[0].reserved == 0


def test_what_is_no_count_is_malformed_and_tried_elsewhere() -> None:
    bench = Bench({"a1": says(b'{"input":42}'), "a2": says(b'{"input_tokens":7}')})
    assert bench.ask(COUNT, MESSAGE).json == {"input_tokens": 7}
    assert bench.settle.charge is not None and bench.settle.charge.total == 0


@pytest.mark.parametrize("places", [("o1",), ("a1", "o1")])
def test_where_nobody_counts_an_estimate_is_given_and_named_as_one(places: tuple[str, ...]) -> None:
    bench = Bench({"a1": refuses(503)}, [model("claude", *places)])
    view = bench.ask(COUNT, {key: value for key, value in MESSAGE.items() if key != "max_tokens"})
    count = view.json["input_tokens"]
    assert isinstance(count, int) and count > 0
    assert view.header("x-trigate-lost") == "exact_count"
    assert (bench.settle.outcome, bench.settle.lost) == ("ok", ("exact_count",))
    assert bench.tape[-2:] == ["settle", "last bytes"]


def test_a_longer_request_counts_for_more() -> None:
    bench = Bench(models=[model("claude", "o1")])
    counts = [
        bench.ask(COUNT, {**MESSAGE, "messages": [{"role": "user", "content": "word " * size}]}).json["input_tokens"]
        for size in (1, 100)
    ]
    assert counts[0] < counts[1]  # type: ignore[operator]
