from trigate.simulator.stats import Stats


def test_requests_are_counted_by_path_and_model() -> None:
    stats = Stats()
    stats.called("/a", "m")
    stats.called("/a", "")
    assert (stats.requests, stats.by_path, stats.by_model) == (2, {"/a": 2}, {"m": 1})


def test_names_are_bounded() -> None:
    stats = Stats()
    for number in range(1_100):
        stats.called(f"/{number}", "")
    assert stats.by_path["(others)"] == 100
    assert len(stats.by_path) == 1_001
