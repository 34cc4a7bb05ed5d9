"""A class of ``resolver.values.dataclass`` is what ``dataclasses.dataclass`` makes of the same class."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

import resolver.model
from resolver import values
from resolver.model import Digest, LockedPackage, Origin

OURS: Any = values.dataclass
THEIRS: Any = dataclasses.dataclass


def _none(decorator: Any, **options: Any) -> Any:
    @decorator(frozen=True, slots=True, **options)
    class Made:
        """Nothing."""

    return Made


def _plain(decorator: Any, **options: Any) -> Any:
    @decorator(frozen=True, slots=True, **options)
    class Made:
        """One field."""

        a: int

    return Made


def _defaults(decorator: Any, **options: Any) -> Any:
    @decorator(frozen=True, slots=True, **options)
    class Made:
        """Defaults, and a list of one's own."""

        a: int
        b: tuple[int, ...] = (1,)
        c: list[int] = field(default_factory=list)

        def doubled(self) -> int:
            return 2 * self.a

    return Made


def _aside(decorator: Any, **options: Any) -> Any:
    @decorator(frozen=True, slots=True, **options)
    class Made:
        """Fields that are not compared, not shown, not given."""

        a: int
        b: int = field(default=0, compare=False)
        c: int = field(default=0, repr=False)
        d: int = field(init=False)
        e: list[int] = field(init=False, default_factory=list, compare=False)
        f: int = field(init=False, default=7)

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below zero")
            object.__setattr__(self, "d", self.a + 1)

        def __repr__(self) -> str:
            return f"<{self.a}>"

    return Made


SHAPES = [_none, _plain, _defaults, _aside]
GIVEN: list[dict[str, Any]] = [{}, {"a": 1}, {"a": 2}, {"a": 1, "b": (2,)}, {"a": 1, "c": [3]}, {"a": -1}, {"z": 1}]


def _outcome(make: Any, **given: Any) -> tuple[str, Any]:
    try:
        return "made", make(**given)
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("kw_only", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_made_of_the_same_fields(shape: Any, kw_only: bool) -> None:
    ours, theirs = shape(OURS, kw_only=kw_only), shape(THEIRS, kw_only=kw_only)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert [(f.name, f.type, f.kw_only) for f in dataclasses.fields(ours)] == [
        (f.name, f.type, f.kw_only) for f in dataclasses.fields(theirs)
    ]
    assert (ours.__slots__, ours.__doc__, ours.__match_args__) == (
        theirs.__slots__,
        theirs.__doc__,
        theirs.__match_args__,
    )
    for given in GIVEN:
        (how, one), (how_theirs, other) = _outcome(ours, **given), _outcome(theirs, **given)
        assert how == how_theirs
        assert (one == other) if how != "made" else (repr(one) == repr(other))


@pytest.mark.parametrize("shape", SHAPES)
def test_equality_and_hashes(shape: Any) -> None:
    """Every pair is equal, or not, as theirs is; hashes are the same numbers."""
    ours, theirs = shape(OURS), shape(THEIRS)
    pairs = [(_outcome(ours, **given), _outcome(theirs, **given)) for given in GIVEN]
    made = [(one, other) for (how, one), (_, other) in pairs if how == "made"]
    assert made
    for one, other in made:
        for another, theirs_too in made:
            assert (one == another) is (other == theirs_too)
        assert one != other
        assert _outcome(one.__hash__) == _outcome(other.__hash__)


def test_equal_to_itself_alone() -> None:
    made = _plain(OURS, eq=False)
    one, other = made(a=1), made(a=1)
    assert (one == one, one == other, len({one, other})) == (True, False, 2)


def test_a_list_by_default_is_ones_own() -> None:
    made = _defaults(OURS)
    assert made(a=1).c is not made(a=1).c
    assert made(a=4).doubled() == 8


def test_nothing_can_be_set_or_deleted() -> None:
    one = Origin(source="x")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'source'"):
        one.source = "y"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        one.other = "y"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'source'"):
        del one.source
    assert not hasattr(one, "__dict__")


def test_copies_and_pickles() -> None:
    package = LockedPackage(kind="conda", name="a", version="1", url="https://example.org/a", sha256="0" * 64)
    for twin in (copy.copy(package), copy.deepcopy(package), pickle.loads(pickle.dumps(package))):
        assert twin == package and hash(twin) == hash(package) and repr(twin) == repr(package)


def test_replace_looks_again_at_what_may_not_be() -> None:
    with pytest.raises(ValueError, match="below zero"):
        dataclasses.replace(_aside_value(), a=-1)
    assert dataclasses.replace(Origin(source="x"), line=3) == Origin(source="x", line=3)


def _aside_value() -> Any:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Made:
        a: int

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below zero")

    return Made(a=1)


def test_what_is_left_to_the_standard_library_is_refused() -> None:
    with pytest.raises(TypeError, match="ClassVar"):

        @values.dataclass(frozen=True, slots=True, kw_only=True)
        class Made:
            a: int
            b: ClassVar[int] = 1


def test_the_values_of_the_program_are_dataclasses() -> None:
    classes: list[Any] = [getattr(resolver.model, name) for name in resolver.model.__all__]
    of_ours: list[Any] = [c for c in classes if inspect.isclass(c) and dataclasses.is_dataclass(c)]
    assert Digest in of_ours
    assert all(c.__dataclass_params__.frozen for c in of_ours)
