"""The locks fit pyproject.toml: every requirement pinned, every pin hashed, one version of a package in all of them."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT, expect_none

PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)[^\\]*(?P<hashes>(?:\\\n +--hash=sha256:[0-9a-f]{64} ?)*)$", re.M
)


def pins(lock: str) -> dict[str, str]:
    return {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(lock)}


def unhashed(name: str, lock: str) -> Iterator[str]:
    rest = PIN.sub(lambda pin: "" if pin["hashes"] else pin[0], lock)
    yield from (f"{name}: {line!r} is no pin with hashes: run make lock" for line in rest.split("\n") if line.strip())


def unmet(name: str, requirements: Iterable[str], lock: str) -> Iterator[str]:
    pinned = pins(lock)
    for requirement in map(Requirement, requirements):
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None or not requirement.specifier.contains(version):
            yield f"{name}: has {version or 'nothing'} for {requirement}: run make lock"


def different(name: str, lock: str, whole: str) -> Iterator[str]:
    whole_pins = pins(whole)
    for package, version in pins(lock).items():
        if whole_pins.get(package) != version:
            yield f"{name}: {package} {version}, dev.lock has {whole_pins.get(package)}: run make lock"


def requirements_of(project: Path) -> Mapping[str, list[str]]:
    declared = tomllib.loads(project.read_text("utf-8"))
    run, groups = declared["project"]["dependencies"], declared["dependency-groups"]
    dev = [entry for entry in groups["dev"] if isinstance(entry, str)]
    return {"run": run, "build": groups["build"], "dev": [*run, *groups["build"], *dev]}


def test_the_locks_fit() -> None:
    asked = requirements_of(ROOT / "pyproject.toml")
    locks = {name: (ROOT / "requirements" / f"{name}.lock").read_text("utf-8") for name in asked}
    for name, lock in locks.items():
        expect_none(unhashed(f"{name}.lock", lock), "Nothing is installed without a hash, or from a place named here.")
        expect_none(unmet(f"{name}.lock", asked[name], lock), "Every requirement is pinned.")
        expect_none(different(f"{name}.lock", lock, locks["dev"]), "One version of a package in all locks.")


HASHED = "a==1.0 ; python_version < '4' \\\n    --hash=sha256:" + "0" * 64 + " \\\n    --hash=sha256:" + "1" * 64 + "\n"


def test_a_pin_without_hash_and_an_address_are_found() -> None:
    assert not list(unhashed("x", HASHED))
    assert len(list(unhashed("x", f"{HASHED}b==2\n"))) == 1
    assert len(list(unhashed("x", f"--index https://example.org\n{HASHED}"))) == 1


def test_what_does_not_fit_is_found() -> None:
    assert not list(unmet("x", ["A>=1"], HASHED))
    assert list(unmet("x", ["a>=2", "b"], HASHED)) == [
        "x: has 1.0 for a>=2: run make lock",
        "x: has nothing for b: run make lock",
    ]
    assert list(different("x", HASHED, HASHED.replace("1.0", "1.1"))) == ["x: a 1.0, dev.lock has 1.1: run make lock"]
