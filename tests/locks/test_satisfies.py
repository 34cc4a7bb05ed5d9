"""Whether a lock satisfies a manifest: a manifest that was changed, the verdict, and the reasons to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resolver.locks.satisfies import Expected, satisfies
from resolver.manifests import parse_environment_yml
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock, Root
from resolver.names import NamesMap
from resolver.platforms import Platform

_CHANNEL = "https://conda.example.org/main"


def _conda(name: str, version: str, build: str, *depends: tuple[str, str], group: str = "main") -> LockedPackage:
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        build=build,
        subdir="linux-64",
        url=f"{_CHANNEL}/linux-64/{name}-{version}-{build}.conda",
        sha256="a" * 64,
        md5="b" * 32,
        dependencies=depends,
        groups=(group,),
    )


def _wheel(name: str, version: str, *depends: tuple[str, str]) -> LockedPackage:
    url = f"https://files.example.org/{name}-{version}-py3-none-any.whl"
    return LockedPackage(
        kind="pypi", name=name, version=version, url=url, sha256="c" * 64, dependencies=depends, groups=("main",)
    )


_PACKAGES = (
    _conda("python", "3.12.4", "0_cpython", ("libz", ">=1.2,<2"), ("__glibc", ">=2.17")),
    _conda("libz", "1.3", "h1_0"),
    _conda("numpy", "1.26.4", "py312_0", ("python", ">=3.12,<3.13.0a0")),
    _wheel("cow-talk", "1.0", ("moo", ">=1"), ("numpy", ">=1.20")),
    _wheel("moo", "1.1"),
)
_EVIDENCE = Evidence(
    roots=(("linux-64", (Root(kind="pypi", requirement="cow-talk>=1"),)),),
    variables=(("MOOD", "good"),),
)
_LOCK = Lock(
    platforms=(PlatformLock(platform="linux-64", packages=_PACKAGES),), channels=(_CHANNEL,), evidence=_EVIDENCE
)

_MANIFEST = f"""\
channels: [{_CHANNEL}]
dependencies:
  - python >=3.11
  - numpy >=1.26
  - pip:
      - cow-talk>=1
variables:
  MOOD: good
"""


def _reasons(manifest: str, lock: Lock = _LOCK, platforms: tuple[str, ...] = ("linux-64",)) -> tuple[str, list[str]]:
    spec = parse_environment_yml(manifest, source="environment.yml")
    found = satisfies(
        lock,
        Expected(
            spec=spec,
            platforms=tuple(Platform.of(p) for p in platforms),
            channels=spec.channels,
            names=NamesMap.of({}, ()),
        ),
    )
    return found.status, [str(shortfall) for shortfall in found.shortfalls]


_FRESH: dict[str, tuple[str, str]] = {
    "nothing": ("MOOD", "MOOD"),
    "a looser version": ("numpy >=1.26", "numpy"),
    "another spelling of it": ("numpy >=1.26", "numpy=1.26"),
    "its build": ("numpy >=1.26", "numpy 1.26.4 py312*"),
    "the channel of one spec": ("numpy >=1.26", f"{_CHANNEL}::numpy"),
    "a request for what is there anyway": ("  - numpy", "  - libz\n  - numpy"),
    "a wheel for a project that conda has": ("cow-talk>=1", "cow-talk\n      - NumPy>=1"),
    "a marker that does not apply": ("cow-talk>=1", "cow-talk>=1\n      - pywin; sys_platform == 'win32'"),
    "a virtual package": ("  - numpy", "  - __glibc >=2.17\n  - numpy"),
}


@pytest.mark.parametrize("change", _FRESH)
def test_a_change_that_the_lock_still_satisfies(change: str) -> None:
    old, new = _FRESH[change]
    assert old in _MANIFEST
    assert _reasons(_MANIFEST.replace(old, new)) == ("fresh", [])


_STALE: dict[str, tuple[str, str, list[str]]] = {
    "a newer version": (
        "numpy >=1.26",
        "numpy >=2",
        ["environment.yml:4: numpy >=2 is asked for, and numpy 1.26.4 py312_0 is locked (linux-64)"],
    ),
    "another build": (
        "numpy >=1.26",
        "numpy 1.26.4 *cuda*",
        [("environment.yml:4: numpy ==1.26.4 *cuda* is asked for, and numpy 1.26.4 py312_0 is locked (linux-64)")],
    ),
    "another channel for it": (
        "numpy >=1.26",
        "conda-forge::numpy",
        ["environment.yml:4: conda-forge::numpy is asked for, and numpy 1.26.4 py312_0 is locked (linux-64)"],
    ),
    "a package more": (
        "  - numpy",
        "  - scipy\n  - numpy",
        ["environment.yml:4: scipy is asked for and not locked (linux-64)"],
    ),
    "a wheel more": (
        "cow-talk>=1",
        "cow-talk>=1\n      - shout",
        ["environment.yml:7: shout is asked for and not locked (linux-64)"],
    ),
    "a newer wheel": (
        "cow-talk>=1",
        "cow-talk>=2",
        ["environment.yml:6: cow-talk>=2 is asked for, and cow-talk 1.0 is locked (linux-64)"],
    ),
    "a wheel by its URL": (
        "cow-talk>=1",
        "cow-talk @ https://w.example.org/cow_talk-1.0-py3-none-any.whl",
        [
            (
                "environment.yml:6: cow-talk is asked for from https://w.example.org/cow_talk-1.0-py3-none-any.whl, "
                "and is locked from https://files.example.org/cow-talk-1.0-py3-none-any.whl (linux-64)"
            )
        ],
    ),
    "a hash": (
        "cow-talk>=1",
        f"cow-talk>=1 --hash=sha256:{'d' * 64}",
        ["environment.yml:6: cow-talk is locked with a hash that is not among those asked for (linux-64)"],
    ),
    "no wheels": (
        "  - pip:\n      - cow-talk>=1\n",
        "",
        [
            "cow-talk is locked, and nothing asks for it (linux-64)",
            "moo is locked, and nothing asks for it (linux-64)",
        ],
    ),
    "other channels": (
        f"[{_CHANNEL}]",
        "[conda-forge]",
        [
            "the channels are conda-forge, and the lock was made from https://conda.example.org/main",
        ],
    ),
    "a variable": ("MOOD: good", "MOOD: bad", ["the variables are not those that the lock holds"]),
    "a version of what conda provides, asked from pip": (
        "cow-talk>=1",
        "cow-talk>=1\n      - numpy<1.26",
        ["environment.yml:7: numpy<1.26 is asked for, and numpy 1.26.4 py312_0 is locked (linux-64)"],
    ),
}


@pytest.mark.parametrize("change", _STALE)
def test_a_change_that_makes_the_lock_stale(change: str) -> None:
    old, new, reasons = _STALE[change]
    assert old in _MANIFEST
    assert _reasons(_MANIFEST.replace(old, new)) == ("stale", reasons)


def test_platforms_that_come_and_go() -> None:
    assert _reasons(_MANIFEST, platforms=("linux-64", "osx-arm64")) == (
        "stale",
        ["the platform is not locked (osx-arm64)"],
    )
    assert _reasons(_MANIFEST, platforms=("osx-arm64",)) == (
        "stale",
        ["the platform is not locked (osx-arm64)", "the platform is locked but no longer asked for (linux-64)"],
    )


_UNKNOWN: dict[str, tuple[str, str, list[str]]] = {
    "an extra": (
        "cow-talk>=1",
        "cow-talk[quiet]>=1",
        [
            (
                "environment.yml:6: whether cow-talk[quiet]>=1 "
                "was locked with its extras is not kept in this lock (linux-64)"
            ),
        ],
    ),
    "a build number": (
        "numpy >=1.26",
        "numpy[build_number='>=7']",
        [
            (
                "environment.yml:4: whether numpy[build_number=>=7] has that build number is not kept in this lock "
                "(linux-64)"
            )
        ],
    ),
}


@pytest.mark.parametrize("change", _UNKNOWN)
def test_a_change_that_cannot_be_judged_is_never_fresh(change: str) -> None:
    old, new, reasons = _UNKNOWN[change]
    assert _reasons(_MANIFEST.replace(old, new)) == ("unknown", reasons)


def test_an_extra_that_the_lock_was_made_for_and_that_goes() -> None:
    root = Root(kind="pypi", requirement="cow-talk[loud]>=1")
    lock = replace(_LOCK, evidence=replace(_EVIDENCE, roots=(("linux-64", (root,)),)))
    assert _reasons(_MANIFEST.replace("cow-talk>=1", "cow-talk[loud]>=1"), lock) == ("fresh", [])
    told = "the extra [loud] of cow-talk is no longer asked for, and what it added may be left over (linux-64)"
    assert _reasons(_MANIFEST, lock) == ("unknown", [told])


def test_without_evidence_no_extra_can_be_judged() -> None:
    manifest = _MANIFEST.replace("cow-talk>=1", "cow-talk[loud]>=1").replace("variables:\n  MOOD: good\n", "")
    status, reasons = _reasons(manifest, replace(_LOCK, evidence=None))
    assert (status, len(reasons)) == ("unknown", 1)


def _with(*packages: LockedPackage, without: tuple[str, ...] = ()) -> Lock:
    kept = tuple(p for p in _PACKAGES if p.name not in without)
    return replace(_LOCK, platforms=(PlatformLock(platform="linux-64", packages=(*kept, *packages)),))


@pytest.mark.parametrize(
    ("lock", "reasons"),
    [
        (_with(without=("libz",)), ["python needs libz, which is not locked (linux-64)"]),
        (
            _with(_conda("libz", "2.0", "h1_0"), without=("libz",)),
            ["python needs libz >=1.2,<2, and libz 2.0 h1_0 is locked (linux-64)"],
        ),
        (_with(without=("moo",)), ["cow-talk needs moo, which is not locked (linux-64)"]),
        (
            _with(_wheel("moo", "0.9"), without=("moo",)),
            ["cow-talk needs moo >=1, and moo 0.9 is locked (linux-64)"],
        ),
        (
            _with(_wheel("numpy", "1.26.4")),
            [
                "numpy is locked twice: as a wheel, and in conda's numpy (linux-64)",
                "numpy is locked, and nothing asks for it (linux-64)",
            ],
        ),
        (
            _with(_conda("numpy", "1.26.4", "py312_0", ("python", ""), group="dev"), without=("numpy",)),
            [
                "environment.yml:4: numpy is asked for in group main, and is not locked in it (linux-64)",
                "numpy is locked in group dev, and nothing in it asks for it (linux-64)",
            ],
        ),
        (_with(_conda("stray", "1.0", "0")), ["stray is locked, and nothing asks for it (linux-64)"]),
    ],
)
def test_a_lock_that_does_not_hold_together(lock: Lock, reasons: list[str]) -> None:
    assert _reasons(_MANIFEST, lock) == ("stale", reasons)


def test_what_a_group_no_longer_asks_for_is_left_over_in_it() -> None:
    """Both groups asked for numpy, and so both have what numpy needs; python is also in the group of a wheel."""
    packages = tuple(replace(p, groups=("dev", "main")) if p.kind == "conda" else p for p in _PACKAGES)
    lock = replace(_LOCK, platforms=(PlatformLock(platform="linux-64", packages=packages),))
    dev = parse_environment_yml("dependencies:\n  - numpy\ncategory: dev\n", source="dev.yml").conda
    wheel = parse_environment_yml("dependencies:\n  - pip:\n      - moo\ncategory: dev\n", source="dev.yml").pip
    left_over = "is locked in group dev, and nothing in it asks for it (linux-64)"
    main = parse_environment_yml(_MANIFEST, source="environment.yml")
    in_dev = tuple(replace(p, groups=("dev", "main")) if p.name in ("moo", "python", "libz") else p for p in _PACKAGES)
    of_wheel = replace(_LOCK, platforms=(PlatformLock(platform="linux-64", packages=in_dev),))
    for spec, locked, reasons in (
        (replace(main, conda=(*main.conda, *dev)), lock, []),
        (main, lock, [f"{name} {left_over}" for name in ("libz", "numpy", "python")]),
        (replace(main, pip=(*main.pip, *wheel)), of_wheel, []),
        (main, of_wheel, [f"{name} {left_over}" for name in ("libz", "python", "moo")]),
    ):
        expected = Expected(
            spec=spec, platforms=(Platform.of("linux-64"),), channels=spec.channels, names=NamesMap.of({}, ())
        )
        assert [str(shortfall) for shortfall in satisfies(locked, expected).shortfalls] == reasons


def test_the_reasons_do_not_depend_on_the_order_of_lines_or_packages() -> None:
    lock = replace(_LOCK, platforms=(PlatformLock(platform="linux-64", packages=_PACKAGES[::-1]),))
    assert _reasons(_MANIFEST, lock) == ("fresh", [])
