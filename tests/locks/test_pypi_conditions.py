"""Whether what is locked from PyPI may still come from where it came from, in the format that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resolver.locks.pypi_conditions import FIND_LINKS, Indexes, changed_formats, changed_indexes
from resolver.model import Evidence, Lock, LockedPackage, PlatformLock

_MAIN = "https://main.example.org/simple"
_EXTRA = "https://extra.example.org/simple"
_TORCH = "https://torch.example.org/simple"
_BOTH = ("app", "torch")
_DEFAULT = "https://default.example.org/simple"


def _package(name: str, suffix: str = "-py3-none-any.whl", kind: str = "pypi") -> LockedPackage:
    file_name = f"{name}-1.0{suffix}"
    url = f"https://files.example.org/{file_name}"
    return LockedPackage(kind=kind, name=name, version="1.0", url=url, file_name=file_name, sha256="a" * 64)  # type: ignore[arg-type]


def _lock(evidence: Evidence | None, *names: str) -> Lock:
    packages = tuple(map(_package, names or ("app", "torch")))
    return Lock(platforms=(PlatformLock(platform="linux-64", packages=packages),), evidence=evidence)


_OF_MAIN = Evidence(indexes=(f"{_MAIN}/",), index_url=f"{_MAIN}/")
_OF_DEFAULT = Evidence(indexes=(_DEFAULT,))
_OF_TWO = Evidence(
    indexes=(f"{_EXTRA}/", f"{_MAIN}/"), index_url=f"{_MAIN}/", project_indexes=((f"{_EXTRA}/", ("torch",)),)
)
_OF_ITS_OWN = Evidence(
    indexes=(_MAIN, _TORCH), index_url=_MAIN, index_for=(("torch", _TORCH),), project_indexes=((_TORCH, ("torch",)),)
)
_OF_LINKS = Evidence(indexes=(_MAIN,), index_url=_MAIN, project_indexes=((FIND_LINKS, ("app",)),))


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (None, Indexes(main=_EXTRA)),  # without evidence it is not judged
        (_OF_MAIN, Indexes(main=_MAIN)),
        (_OF_MAIN, Indexes(main=f"{_MAIN}/")),
        (_OF_MAIN, Indexes(main="https://${USER}:${TOKEN}@main.example.org/simple/")),
        (_OF_MAIN, Indexes(main=_MAIN, own=(("absent", _TORCH),))),
        (_OF_MAIN, Indexes(main=_MAIN, own=(("torch", _MAIN),))),
        (_OF_MAIN, Indexes(main=_MAIN, find_links=True)),
        (_OF_MAIN, Indexes(main=_MAIN, first_only=False)),
        (_OF_MAIN, Indexes(main=_MAIN, extra=(_EXTRA,), first_only=False)),
        (_OF_DEFAULT, Indexes()),
        (_OF_DEFAULT, Indexes(main=_DEFAULT)),
        (_OF_TWO, Indexes(main=_MAIN, extra=(_EXTRA,))),
        (_OF_TWO, Indexes(main=_MAIN, extra=(_EXTRA,), own=(("torch", _EXTRA),))),
        (_OF_ITS_OWN, Indexes(main=_MAIN, own=(("torch", _TORCH),))),
        (_OF_LINKS, Indexes(main=_MAIN, find_links=True)),
    ],
)
def test_what_leaves_a_lock_fresh(then: Evidence | None, now: Indexes) -> None:
    assert list(changed_indexes(_lock(then), now)) == []


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (_OF_MAIN, Indexes(main=_EXTRA), [f"{n} is to come from {_EXTRA}, and was locked from {_MAIN}" for n in _BOTH]),
        (_OF_MAIN, Indexes(), [f"{n} is to come from the default index, and was locked from {_MAIN}" for n in _BOTH]),
        (
            _OF_DEFAULT,
            Indexes(main=_MAIN),
            [f"{n} is to come from {_MAIN}, and was locked from {_DEFAULT}" for n in _BOTH],
        ),
        (
            _OF_MAIN,
            Indexes(main=_MAIN, extra=(_EXTRA,)),
            [f"{_EXTRA} is asked before {_MAIN} now, and was not when the lock was made"],
        ),
        (
            _OF_MAIN,
            Indexes(main=_MAIN, own=(("torch", _TORCH),)),
            [f"torch is to come from {_TORCH}, and was locked from {_MAIN}"],
        ),
        (_OF_TWO, Indexes(main=_MAIN), [f"torch is to come from {_MAIN}, and was locked from {_EXTRA}"]),
        (
            _OF_TWO,  # the other way round: torch may be on what is asked first now
            Indexes(main=_EXTRA, extra=(_MAIN,)),
            [f"{_MAIN} is asked before {_EXTRA} now, and was not when the lock was made"],
        ),
        (
            _OF_ITS_OWN,
            Indexes(main=_MAIN),
            [f"torch is to come from {_MAIN}, and was locked from {_TORCH}"],
        ),
        (_OF_LINKS, Indexes(main=_MAIN), [f"app is to come from {_MAIN}, and was locked from {FIND_LINKS}"]),
        (
            replace(_OF_TWO, index_strategy="unsafe-best-match"),
            Indexes(main=_MAIN, extra=(_EXTRA,)),
            ["the lock was made with index-strategy = unsafe-best-match, and first-index is wanted"],
        ),
    ],
)
def test_what_makes_a_lock_stale(then: Evidence, now: Indexes, told: list[str]) -> None:
    assert [str(shortfall) for shortfall in changed_indexes(_lock(then), now)] == told


def test_a_format_that_is_ruled_out() -> None:
    packages = (_package("app"), _package("lib", ".tar.gz"), _package("direct", ".tar.gz", kind="archive"))
    lock = Lock(platforms=(PlatformLock(platform="linux-64", packages=packages),))
    assert [str(s) for s in changed_formats(lock, lambda _, wheel: wheel)] == [
        "lib is locked as a source distribution, which only-binary rules out (linux-64)"
    ]
    assert [str(s) for s in changed_formats(lock, lambda _, wheel: not wheel)] == [
        "app is locked as a wheel, which no-binary rules out (linux-64)"
    ]
    assert list(changed_formats(lock, lambda name, wheel: wheel or name == "lib")) == []
