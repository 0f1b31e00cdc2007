import os
from pathlib import Path

from tests.config.files import write
from trigate.config.watch import Identity, Watch, stat_identity


class Disk:
    """A file system of identities."""

    def __init__(self, names: list[str]) -> None:
        self.files: dict[str, Identity | None] = {name: (1, number, 0, 10) for number, name in enumerate(names)}

    def stat(self, path: str) -> Identity | None:
        return self.files.get(path)


def test_nothing_changed_is_nothing_to_do() -> None:
    disk = Disk(["a", "b"])
    watch = Watch(["a", "b", "missing"], disk.stat)
    assert [watch.poll() for _ in range(3)] == [False, False, False]


def test_a_change_is_told_once_when_it_stands_still() -> None:
    disk = Disk(["a"])
    watch = Watch(["a"], disk.stat)
    disk.files["a"] = (1, 0, 5, 12)
    assert [watch.poll() for _ in range(4)] == [False, True, False, False]


def test_a_file_that_is_written_without_a_pause_is_read_all_the_same() -> None:
    disk = Disk(["a"])
    watch = Watch(["a"], disk.stat, patience=3)
    told = []
    for size in range(6):
        disk.files["a"] = (1, 0, size, 100 + size)
        told.append(watch.poll())
    assert told == [False, False, True, False, False, True]


def test_files_that_come_and_go_are_changes() -> None:
    disk = Disk(["a"])
    watch = Watch(["a", "b"], disk.stat)
    disk.files["b"] = (1, 9, 0, 0)
    assert [watch.poll(), watch.poll()] == [False, True]
    disk.files["a"] = None
    assert [watch.poll(), watch.poll()] == [False, True]


def test_a_change_while_compiling_is_not_missed() -> None:
    disk = Disk(["a", "b"])
    watch = Watch(["a"], disk.stat)
    disk.files["a"] = (1, 0, 5, 5)
    assert [watch.poll(), watch.poll()] == [False, True]
    read = {"a": disk.stat("a"), "b": disk.stat("b")}
    disk.files["b"] = (1, 0, 6, 6)  # after the check has read it, before it says what it has read
    watch.follow(read)
    assert [watch.poll(), watch.poll(), watch.poll()] == [False, True, False]


def test_what_is_followed_no_more_is_no_change() -> None:
    disk = Disk(["a", "b"])
    watch = Watch(["a", "b"], disk.stat)
    watch.follow({"a": disk.stat("a")})
    disk.files["b"] = None
    assert not watch.poll()


def test_a_mounted_config_map_that_swaps_its_link(tmp_path: Path) -> None:
    for version in ("v1", "v2"):
        write(tmp_path, f"{version}/trigate.yaml", "same size")
        os.utime(tmp_path / version / "trigate.yaml", ns=(1, 1))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "trigate.yaml").symlink_to("..data/trigate.yaml")
    watch = Watch([str(tmp_path / "trigate.yaml")])
    assert not watch.poll()
    (tmp_path / "..tmp").symlink_to("v2")
    (tmp_path / "..tmp").rename(tmp_path / "..data")
    assert [watch.poll(), watch.poll(), watch.poll()] == [False, True, False]


def test_an_atomic_replacement_and_a_new_file_in_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path, "conf/a.yaml", "one")
    watch = Watch([path, str(tmp_path / "conf")])
    write(tmp_path, "conf/new", "two")
    (tmp_path / "conf/new").rename(path)
    assert [watch.poll(), watch.poll()] == [False, True]
    write(tmp_path, "conf/b.yaml", "")
    assert [watch.poll(), watch.poll()] == [False, True]


def test_what_cannot_be_reached_is_nothing(tmp_path: Path) -> None:
    assert stat_identity(str(tmp_path / "none" / "a")) is None
    assert stat_identity(str(tmp_path)) is not None
