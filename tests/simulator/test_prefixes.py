from trigate.simulator.prefixes import Breakpoint, CacheUse, Prefixes

TOOLS = Breakpoint("a", 100, "1h")
SYSTEM = Breakpoint("b", 150, "5m")


def test_what_is_written_first_is_read_next() -> None:
    prefixes = Prefixes()
    assert prefixes.use([TOOLS, SYSTEM]) == CacheUse(read=0, written_5m=50, written_1h=100)
    assert prefixes.use([TOOLS, SYSTEM]) == CacheUse(read=150)


def test_the_longest_known_prefix_is_read_and_only_the_rest_written() -> None:
    prefixes = Prefixes()
    prefixes.use([TOOLS])
    use = prefixes.use([TOOLS, SYSTEM])
    assert use == CacheUse(read=100, written_5m=50)
    assert use.total == 150


def test_without_marks_nothing_is_cached() -> None:
    assert Prefixes().use([]) == CacheUse()
