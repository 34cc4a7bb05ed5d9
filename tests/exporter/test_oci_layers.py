"""Which packages share a layer, and that it changes as little as can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.errors import BuildError
from resolver.exporter.oci.layers import BUCKETS, LARGE, MOST_LAYERS, PackageKey, SizedPackage, group_packages

ROOM = MOST_LAYERS - 2

_KEYS = st.tuples(st.sampled_from(["conda", "wheel"]), st.text("abcdefgh-", min_size=1, max_size=6))
_PACKAGES = st.dictionaries(_KEYS, st.integers(0, 4 * LARGE), max_size=200)


def grouped(sizes: dict[PackageKey, int], room: int = ROOM) -> tuple[tuple[PackageKey, ...], ...]:
    return group_packages([SizedPackage(key=key, size=size) for key, size in sizes.items()], room=room)


@given(_PACKAGES)
def test_each_package_is_in_one_layer_and_there_are_not_too_many(sizes: dict[PackageKey, int]) -> None:
    groups = grouped(sizes)
    assert sorted(key for group in groups for key in group) == sorted(sizes)
    assert len(groups) <= ROOM
    assert all(groups)


@given(_PACKAGES, st.randoms(use_true_random=False))
def test_the_order_says_nothing(sizes: dict[PackageKey, int], random: object) -> None:
    shuffled = list(sizes.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert grouped(dict(shuffled)) == grouped(sizes)


@given(_PACKAGES, _KEYS, st.integers(0, LARGE - 1))
def test_one_more_small_package_changes_one_layer(sizes: dict[PackageKey, int], key: PackageKey, size: int) -> None:
    before = set(grouped({k: v for k, v in sizes.items() if k != key}))
    after = set(grouped({**sizes, key: size}))
    assert len(after - before) == 1


def test_large_packages_are_alone_and_first() -> None:
    sizes = {("conda", "zlib"): 100, ("conda", "python"): LARGE, ("wheel", "torch"): 900 * LARGE, ("conda", "a"): 9}
    groups = grouped(sizes)
    assert groups[:2] == ((("conda", "python"),), (("wheel", "torch"),))
    assert sorted(key for group in groups[2:] for key in group) == [("conda", "a"), ("conda", "zlib")]


def test_where_too_many_are_large_the_largest_are_alone() -> None:
    sizes = {("conda", f"p{number:03}"): LARGE << (number % 4) for number in range(200)}
    groups = grouped(sizes, room=BUCKETS + 10)
    alone = [group[0] for group in groups[:10]]
    assert len(groups) <= BUCKETS + 10
    assert [sizes[key] for key in alone] == [LARGE << 3] * 10


def test_a_package_that_grows_a_little_does_not_move() -> None:
    sizes = {("conda", f"p{number:03}"): LARGE + 1000 * number for number in range(200)}
    grown = {**sizes, ("conda", "p003"): LARGE + 200_000}
    assert grouped(grown) == grouped(sizes)


def test_a_name_may_be_there_from_both_worlds() -> None:
    assert len(grouped({("conda", "attrs"): LARGE, ("wheel", "attrs"): LARGE})) == 2


def test_buckets_are_written_down() -> None:
    """Were they to change, every layer of every image would."""
    names = ("attrs", "certifi", "numpy", "openssl", "zlib")
    groups = grouped({("conda", name): 1 for name in names})
    # printf conda/NAME | sha256sum; the first 16 digits modulo 48: 14, 15, 17, 28, 36
    assert [[name for _, name in group] for group in groups] == [
        ["openssl"],
        ["certifi"],
        ["numpy"],
        ["zlib"],
        ["attrs"],
    ]


def test_a_base_with_too_many_layers_is_refused() -> None:
    with pytest.raises(BuildError, match="47 are left, and 48 are needed"):
        grouped({("conda", "zlib"): 1}, room=47)
