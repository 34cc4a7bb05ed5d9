"""The laws of a lock's identity, as properties."""

from __future__ import annotations

import json
import random
from dataclasses import fields, replace
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from resolver.canonicalizer import canonical_bytes, canonical_json, digest, image_key
from resolver.errors import IntegrityError, NotRepresentable
from resolver.model import Digest, Evidence, Lock, LockedPackage, PlatformLock
from tests.strategies import LOCKS, TEXTS

_JSON = st.recursive(
    TEXTS | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=_JSON)
@example(value="".join(map(chr, range(0x100))))
@example(value="\u2028\u2029\ufeff\uffff\U0001f600\U0010ffff")
def test_canonical_json_is_rfc_8785(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_canonical_string_is_rfc_8785(text: str) -> None:
    """Of any length and any characters that UTF-8 can carry."""
    assert canonical_json([text]) == rfc8785.dumps([text])


def test_what_utf_8_cannot_carry_is_in_no_canonical_json() -> None:
    with pytest.raises(UnicodeEncodeError):
        canonical_json(["\udc80"])


@given(lock=LOCKS)
def test_canonical_bytes_are_rfc_8785_of_themselves(lock: Lock) -> None:
    assert rfc8785.dumps(json.loads(canonical_bytes(lock))) == canonical_bytes(lock)


@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_order_of_packages_and_platforms_is_nothing(lock: Lock, random: random.Random) -> None:
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in random.sample(lock.platforms, len(lock.platforms))
    ]
    assert digest(replace(lock, platforms=tuple(shuffled))) == digest(lock)


@given(lock=LOCKS)
def test_what_is_around_the_packages_is_nothing(lock: Lock) -> None:
    assert digest(Lock(platforms=lock.platforms)) == digest(lock)


_HEX, _OTHER = "a" * 64, "b" * 64

_CONDA = LockedPackage(kind="conda", name="numpy", version="1.26.4", url="https://c.example.org/x", sha256=_HEX)
_PYPI = LockedPackage(kind="pypi", name="numpy", version="1.26.4", url="https://f.example.org/x", sha256=_HEX)
_ARCHIVE = LockedPackage(kind="archive", name="numpy", version="1.26.4", url="https://f.example.org/x", sha256=_HEX)
_VCS = LockedPackage(
    kind="vcs", name="numpy", version="1.26.4", url="git+https://g.example.org/n", commit="c" * 40, subdirectory="d"
)
_DIRECTORY = LockedPackage(kind="directory", name="numpy", version="1.26.4", url="file:///src/n/", tree=_HEX)

_KINDS = {"conda": _CONDA, "pypi": _PYPI, "archive": _ARCHIVE, "vcs": _VCS, "directory": _DIRECTORY}

_COUNTS: dict[str, dict[str, list[Any]]] = {
    "conda": {"name": ["numpy-base"], "version": ["1.26.5", "1.26.40"], "sha256": [_OTHER]},
    "pypi": {"name": ["numpy2"], "version": ["1.26.5", "1.26.4+cpu"], "sha256": [_OTHER]},
    "archive": {"name": ["numpy2"], "sha256": [_OTHER]},
    "vcs": {
        "name": ["numpy2"],
        "url": ["git+https://g.example.org/m", "git+ssh://g.example.org/n", "git+https://h.example.org/n"],
        "commit": ["d" * 40],
        "subdirectory": ["e", None],
    },
    "directory": {"name": ["numpy2"], "tree": [_OTHER]},
}
"""What counts, by kind and field: the table of the specification."""

_FOR_ALL: dict[str, list[Any]] = {"groups": [("dev",), ("dev", "main")]}

_OTHERS: dict[str, list[Any]] = {
    "name": [],
    "version": ["9.9"],
    "build": ["h0_1"],
    "subdir": ["noarch"],
    "file_name": ["other.conda"],
    "url": ["https://mirror.example.org/elsewhere.conda"],
    "sha256": [],
    "md5": ["d" * 32],
    "size": [7],
    "dependencies": [(("python", ">=3.9"),)],
    "commit": ["e" * 40],
    "subdirectory": ["python"],
    "tree": [_OTHER],
    "candidates": [],  # a package that has them has no identity
    "other_hashes": [("sha512:" + "f" * 128,)],
}
"""What does not count, unless the table says so for the kind."""


def _lock(package: LockedPackage) -> Lock:
    return Lock(platforms=(PlatformLock(platform="linux-64", packages=(package,)),))


_CHANGES = [
    (kind, field, value)
    for kind, counts in _COUNTS.items()
    for field, values in {**counts, **_FOR_ALL}.items()
    for value in values
]
_NO_CHANGES = [
    (kind, field, value)
    for kind, counts in _COUNTS.items()
    for field, values in _OTHERS.items()
    if field not in counts
    for value in values
]


@pytest.mark.parametrize(("kind", "field", "value"), _CHANGES)
def test_a_field_that_counts_changes_the_digest(kind: str, field: str, value: object) -> None:
    package = _KINDS[kind]
    assert digest(_lock(replace(package, **{field: value}))) != digest(_lock(package))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "field", "value"), _NO_CHANGES)
def test_any_other_field_does_not(kind: str, field: str, value: object) -> None:
    package = _KINDS[kind]
    assert getattr(package, field) != value
    assert digest(_lock(replace(package, **{field: value}))) == digest(_lock(package))  # type: ignore[arg-type]


def test_each_field_of_a_package_is_in_one_of_the_tables() -> None:
    """A field that is new must be put somewhere, on purpose."""
    assert {field.name for field in fields(LockedPackage)} == {*_OTHERS, *_FOR_ALL, "kind"}


def test_the_kind_counts() -> None:
    assert len({digest(_lock(package)) for package in _KINDS.values()}) == len(_KINDS)


def test_the_platform_counts() -> None:
    other = Lock(platforms=(PlatformLock(platform="win-64", packages=(_CONDA,)),))
    assert digest(other) != digest(_lock(_CONDA))
    empty = Lock(platforms=(PlatformLock(platform="win-64", packages=()), *_lock(_CONDA).platforms))
    assert digest(empty) != digest(_lock(_CONDA))


@pytest.mark.parametrize(
    ("kind", "field", "same"),
    [
        ("pypi", "name", ["NumPy", "NUMPY"]),
        ("pypi", "version", ["v1.26.4", "1.26.04"]),
        ("conda", "name", ["NumPy"]),
        ("vcs", "commit", ["C" * 40]),
        (
            "vcs",
            "url",
            [
                "git+https://g.example.org/n.git",
                "git+https://g.example.org/n/",
                "git+https://someone:secret@g.example.org/n.git",
                "https://g.example.org/n#egg=n",
            ],
        ),
    ],
)
def test_spellings_of_one_thing_have_one_digest(kind: str, field: str, same: list[str]) -> None:
    package = _KINDS[kind]
    assert {digest(_lock(replace(package, **{field: value}))) for value in same} == {digest(_lock(package))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "field", "message"),
    [
        ("conda", "sha256", r"numpy 1.26.4 \(conda\) has no sha256, so the lock has no identity"),
        ("pypi", "sha256", r"numpy 1.26.4 \(pypi\) has no sha256"),
        ("archive", "sha256", r"numpy 1.26.4 \(archive\) has no sha256"),
        ("vcs", "commit", "numpy is locked to git.* without a commit"),
        ("directory", "tree", "numpy is a folder without a tree digest"),
    ],
)
def test_what_cannot_be_identified_has_no_digest(kind: str, field: str, message: str) -> None:
    package = replace(_KINDS[kind], **{field: None})  # type: ignore[arg-type]
    with pytest.raises(IntegrityError, match=message) as error:
        digest(_lock(package))
    assert error.value.hint


def test_a_version_that_is_none_has_no_digest() -> None:
    with pytest.raises(IntegrityError, match="numpy is locked at 'newest', not a PEP 440 version"):
        digest(_lock(replace(_PYPI, version="newest")))


# -------------------------------------------------------------------------------- one environment


def test_the_digest_of_an_environment_is_of_its_groups() -> None:
    dev = replace(_CONDA, name="dev-tool", groups=("dev",))
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=(_PYPI, dev)),))
    main_only = _lock(_PYPI)
    assert digest(lock, platform="linux-64") == digest(main_only, platform="linux-64")
    assert digest(lock, platform="linux-64", groups=["main", "dev"]) == digest(
        lock, platform="linux-64", groups=["dev", "main", "dev"]
    )
    assert digest(lock, platform="linux-64", groups=["dev"]) != digest(lock, platform="linux-64")


def test_groups_name_what_is_installed_and_no_part_of_it() -> None:
    moved = _lock(replace(_CONDA, groups=("dev",)))
    assert digest(moved, platform="linux-64", groups=["dev"]) == digest(_lock(_CONDA), platform="linux-64")


def test_a_group_that_the_lock_does_not_have() -> None:
    with pytest.raises(NotRepresentable, match=r"the lock has no group docs, tests$") as error:
        digest(_lock(_CONDA), platform="linux-64", groups=["tests", "main", "docs"])
    assert error.value.hint == "it has: main"


def test_groups_without_a_platform_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="give the platform too"):
        digest(_lock(_CONDA), groups=["main"])


def test_evidence_is_no_part_of_an_identity() -> None:
    evidence = Evidence(cut_off="2024-01-01T00:00:00Z", variables=(("A", "b"),), tools=(("samebox", "9"),))
    lock = replace(_lock(_CONDA), name="x", channels=("c",), sources=("s",), evidence=evidence)
    assert digest(lock) == digest(_lock(_CONDA))


# ------------------------------------------------------------------------------------- images

_KEY: dict[str, Any] = {
    "environments": {"linux-64": Digest(domain="d", hex=_HEX), "linux-aarch64": Digest(domain="d", hex=_OTHER)},
    "docker": {"user": "samebox", "command": ["a", "b"], "labels": {"x": "1", "y": "2"}},
    "base": "sha256:" + _HEX,
    "application": "",
    "installer": 1,
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("environments", {"linux-64": Digest(domain="d", hex=_HEX)}),
        ("environments", {**_KEY["environments"], "linux-64": Digest(domain="d", hex="c" * 64)}),
        ("docker", {**_KEY["docker"], "user": "root"}),
        ("docker", {**_KEY["docker"], "command": ["b", "a"]}),
        ("docker", {}),
        ("base", "sha256:" + _OTHER),
        ("application", _HEX),
        ("installer", 2),
    ],
)
def test_each_input_of_an_image_changes_its_key(field: str, value: object) -> None:
    assert image_key(**{**_KEY, field: value}) != image_key(**_KEY)


def test_the_order_of_maps_does_not_change_the_key_of_an_image() -> None:
    turned = {
        **_KEY,
        "environments": dict(reversed(_KEY["environments"].items())),
        "docker": {**dict(reversed(_KEY["docker"].items())), "labels": {"y": "2", "x": "1"}},
    }
    assert image_key(**turned) == image_key(**_KEY)
    assert image_key(**_KEY).domain == "samebox/image/1"


@pytest.mark.parametrize("base", ["debian:bookworm-slim", "", _HEX])
def test_a_base_without_digest_has_no_key(base: str) -> None:
    with pytest.raises(IntegrityError, match="has no digest, so the image has no key"):
        image_key(**{**_KEY, "base": base})
