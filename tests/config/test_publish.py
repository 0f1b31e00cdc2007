import os
from pathlib import Path

import msgspec

from tests.config.files import KEYS, NOON, PROVIDERS, StillClock, check_text, write
from trigate.config import publish as publishing
from trigate.config.changelog import START, Change, ChangeLog
from trigate.config.principals import PrincipalsTable
from trigate.config.publish import latest, publish
from trigate.config.published import Published, decode, sealed


def publish_text(folder: Path, text: str, clock: StillClock | None = None) -> Change | None:
    checked = check_text(folder, text)
    assert checked.published is not None and checked.principals is not None
    (folder / "state").mkdir(exist_ok=True)
    return publish(
        str(folder / "state"), checked.published, checked.principals, checked.attached, clock or StillClock()
    )


def test_what_is_announced_can_be_read(tmp_path: Path) -> None:
    change = publish_text(tmp_path, PROVIDERS + KEYS)
    assert change is not None
    state = tmp_path / "state"
    assert latest(str(state)) == change
    published = decode((state / change.snapshot).read_bytes())
    assert (published.revision, published.principals) == (change.revision, change.principals)
    table = PrincipalsTable.open(str(state / published.principals))
    assert (table.count, f"principals/{table.revision}.tbl") == (1, change.principals)
    table.close()


def test_only_the_gateways_user_can_read_it(tmp_path: Path) -> None:
    change = publish_text(tmp_path, PROVIDERS + KEYS)
    assert change is not None
    for name in (change.snapshot, change.principals, "changes.log"):
        assert (tmp_path / "state" / name).stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "state").rglob("*.tmp"))


def test_the_same_again_is_nothing(tmp_path: Path) -> None:
    publish_text(tmp_path, PROVIDERS + KEYS)
    assert publish_text(tmp_path, f"# changed\n{PROVIDERS}{KEYS}") is None
    assert len(ChangeLog(str(tmp_path / "state")).tail(START)[0]) == 1


def test_keys_may_change_alone(tmp_path: Path) -> None:
    first = publish_text(tmp_path, PROVIDERS + KEYS)
    second = publish_text(tmp_path, PROVIDERS + KEYS.replace("support-1", "support-2"))
    assert first is not None and second is not None
    assert first.revision == second.revision
    assert first.principals != second.principals
    assert (first.seq, second.seq) == (1, 2)


def test_a_new_secret_behind_the_same_reference_is_a_change(tmp_path: Path) -> None:
    text = f"providers: {{main: {{kind: openai, api_key: '${{file:key}}'}}}}\n{KEYS}"
    write(tmp_path, "key", "sk-1")
    first = publish_text(tmp_path, text)
    assert publish_text(tmp_path, text) is None
    write(tmp_path, "new", "sk-2")
    (tmp_path / "new").rename(tmp_path / "key")
    second = publish_text(tmp_path, text)
    assert first is not None and second is not None
    assert first.revision == second.revision
    assert first.attached != second.attached


def test_going_back_is_a_change(tmp_path: Path) -> None:
    first = publish_text(tmp_path, PROVIDERS + KEYS)
    publish_text(tmp_path, PROVIDERS + KEYS + "limits: {body_bytes: 1MiB}\n")
    third = publish_text(tmp_path, PROVIDERS + KEYS)
    assert first is not None and third is not None
    assert (third.seq, third.revision) == (3, first.revision)


def test_a_crash_before_the_announcement_changes_nothing(tmp_path: Path) -> None:
    first = publish_text(tmp_path, PROVIDERS + KEYS)
    write(tmp_path, "state/snapshots/0123.json.77.tmp", "half")
    write(tmp_path, "state/snapshots/4567.json", "{}")
    assert latest(str(tmp_path / "state")) == first


def test_old_files_go_but_the_newest_and_the_young_stay(tmp_path: Path) -> None:
    checked = check_text(tmp_path, PROVIDERS + KEYS)
    assert checked.published is not None and checked.principals is not None
    state = tmp_path / "state"
    state.mkdir()

    def publish_one(number: int, modified_ns: int) -> int:
        assert checked.published is not None and checked.principals is not None
        published: Published = sealed(msgspec.structs.replace(checked.published, currency=f"C{number:02}"))
        assert publish(str(state), published, checked.principals, (), StillClock())
        os.utime(state / "snapshots" / f"{published.revision}.json", ns=(modified_ns, modified_ns))
        return len(list((state / "snapshots").iterdir()))

    counts = [publish_one(number, number) for number in range(30)]
    assert counts == [*range(1, publishing.KEPT + 1), *[publishing.KEPT] * 10]
    counts = [publish_one(number, NOON - 60 * 10**9) for number in range(30, 60)]
    assert counts == [*[publishing.KEPT] * 20, *range(publishing.KEPT + 1, publishing.KEPT + 11)]
    assert len(list((state / "principals").iterdir())) == 1
