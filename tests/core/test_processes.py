"""The vocabulary of processes."""

from trigate.core.processes import Gauge, worker_page


def test_every_worker_has_two_pages_of_its_own() -> None:
    pages = [worker_page(slot, half) for slot in range(64) for half in (0, 1)]
    assert pages == list(range(128))


def test_gauges_are_the_words_of_a_page_without_a_gap() -> None:
    assert [int(gauge) for gauge in Gauge] == list(range(len(Gauge)))
