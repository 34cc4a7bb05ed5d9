"""A class of ``resolver.values`` is what ``dataclasses`` makes of the same class: the standard library is the judge."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import operator
import pickle
import subprocess
import sys
import threading
import typing
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any, ClassVar

import hypothesis
import pytest
from hypothesis import strategies as st

import resolver.model
from resolver import values
from resolver.model import Digest, LockedPackage, Origin, VirtualPackage

OURS: Any = values
THEIRS: Any = dataclasses


def _none(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        """Nothing."""

    return Made


def _plain(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        """One field."""

        a: int

    return Made


def _defaults(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        """Defaults, and a list of one's own."""

        a: int
        b: tuple[int, ...] = (1,)
        c: list[int] = kit.field(default_factory=list)

        def doubled(self) -> int:
            return 2 * self.a

    return Made


def _aside(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        """Fields that are not compared, not shown, not given."""

        a: int
        b: int = kit.field(default=0, compare=False)
        c: int = kit.field(default=0, repr=False)
        d: int = kit.field(init=False)
        e: list[int] = kit.field(init=False, default_factory=list, compare=False)
        f: int = kit.field(init=False, default=7)

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below zero")
            object.__setattr__(self, "d", self.a + 1)

    return Made


def _checked(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        """Checks what it is given, and has methods of its own."""

        a: int
        b: Any = None

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("below zero")

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self)) and bool(other.a % 2 == self.a % 2)

        def __repr__(self) -> str:
            return f"<{self.a}>"

    return Made


def _documented_nowhere(kit: Any, **options: Any) -> Any:
    @kit.dataclass(slots=True, **options)
    class Made:
        first: int
        second: str = "x"

    return Made


SHAPES = [_none, _plain, _defaults, _aside, _checked, _documented_nowhere]
OPTIONS: list[dict[str, Any]] = [
    {"frozen": frozen, "kw_only": kw_only, **compared}
    for frozen in (True, False)
    for kw_only in (True, False)
    for compared in ({}, {"eq": False}, {"order": True})
]
GIVEN: list[dict[str, Any]] = [
    {},
    {"a": 1},
    {"a": 2},
    {"a": 1, "b": (2,)},
    {"a": 1, "c": [3]},
    {"a": -1},
    {"z": 1},
    {"a": 1, "z": 1},
    {"a": 1, "d": 1},
    {"a": 1, "f": 1},
    {"first": 1},
    {"first": 1, "second": "y"},
]
POSITIONAL: list[tuple[Any, ...]] = [(1,), (1, (2,)), (1, (2,), [3]), (1, 2, 3, 4, 5, 6, 7)]

shapes = pytest.mark.parametrize("shape", SHAPES)
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def _outcome(make: Callable[..., Any], /, *arguments: Any, **given: Any) -> tuple[str, Any]:
    """What comes of a call: a value, or the type of the error and its text."""
    try:
        return "made", make(*arguments, **given)
    except (TypeError, ValueError, AttributeError) as error:
        return type(error).__name__, str(error)


def _same(ours: tuple[str, Any], theirs: tuple[str, Any]) -> bool:
    """The same value by its text, or the same error."""
    return ours[0] == theirs[0] and repr(ours[1]) == repr(theirs[1])


def _values_of(made: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(made, name)) for name in made.__slots__]


def _pairs(shape: Any, **options: Any) -> list[tuple[Any, Any]]:
    """A value of ours and one of theirs from all that may be given."""
    ours, theirs = shape(OURS, **options), shape(THEIRS, **options)
    outcomes = [(_outcome(ours, **given), _outcome(theirs, **given)) for given in GIVEN]
    pairs = [(one, other) for (how, one), (_, other) in outcomes if how == "made"]
    assert pairs
    return pairs


# ----------------------------------------------------------------------------------------------- the class


@every_option
@shapes
def test_what_the_class_says_of_itself(shape: Any, options: dict[str, Any]) -> None:
    ours, theirs = shape(OURS, **options), shape(THEIRS, **options)
    for name in ("__slots__", "__match_args__", "__annotations__", "__module__", "__qualname__", "__name__"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (ours.__hash__ is None) is (theirs.__hash__ is None)
    assert "__dict__" not in vars(ours)


@every_option
@shapes
def test_signatures(shape: Any, options: dict[str, Any]) -> None:
    """Of the class, of a class derived of it, and of ``__init__``; before a value is made and thereafter."""
    ours, theirs = shape(OURS, **options), shape(THEIRS, **options)
    expected = str(inspect.signature(theirs))
    assert str(inspect.signature(ours)) == expected
    fresh = shape(OURS, **options)
    assert str(inspect.signature(type("Derived", (fresh,), {}))) == expected
    assert str(inspect.signature(fresh)) == expected
    for name in ("__name__", "__qualname__", "__annotations__", "__module__"):
        assert getattr(fresh.__init__, name) == getattr(theirs.__init__, name)
    assert typing.get_type_hints(fresh.__init__) == typing.get_type_hints(theirs.__init__)
    assert str(inspect.signature(fresh.__init__)) == str(inspect.signature(theirs.__init__))


@every_option
@shapes
def test_what_the_standard_library_sees(shape: Any, options: dict[str, Any]) -> None:
    ours, theirs = shape(OURS, **options), shape(THEIRS, **options)
    assert dataclasses.is_dataclass(shape(OURS, **options))
    seen, expected = (
        [(f.name, f.type, f.default, f.default_factory, f.init, f.repr, f.hash, f.compare, f.kw_only) for f in fields]
        for fields in (dataclasses.fields(ours), dataclasses.fields(theirs))
    )
    assert seen == expected
    assert repr(ours.__dataclass_params__) == repr(theirs.__dataclass_params__)
    assert all(type(f) is dataclasses.Field for f in ours.__dataclass_fields__.values())
    for one, other in _pairs(shape, **options):
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert dataclasses.astuple(one) == dataclasses.astuple(other)
        for changes in GIVEN:
            assert _same(_outcome(dataclasses.replace, one, **changes), _outcome(dataclasses.replace, other, **changes))


@shapes
def test_our_own_fields(shape: Any) -> None:
    names = ("name", "type", "init", "repr", "compare", "kw_only")
    ours, theirs = shape(OURS, kw_only=True), shape(THEIRS, kw_only=True)
    seen, expected = (
        [[getattr(f, name) for name in names] for f in fields]
        for fields in (values.fields(ours), dataclasses.fields(theirs))
    )
    assert seen == expected
    for one, _ in _pairs(shape):
        assert [f.name for f in values.fields(one)] == [f.name for f in dataclasses.fields(shape(THEIRS))]


# -------------------------------------------------------------------------------------------- how it is made


@pytest.mark.parametrize("compiled", [False, True])
@every_option
@shapes
def test_what_is_made_of_the_same_arguments(shape: Any, options: dict[str, Any], compiled: bool) -> None:
    ours, theirs = shape(OURS, **options), shape(THEIRS, **options)
    if compiled:
        assert inspect.isfunction(ours.__init__)
    for given in GIVEN:
        (how, one), (how_theirs, other) = _outcome(ours, **given), _outcome(theirs, **given)
        assert how == how_theirs
        assert one == other if how != "made" else repr(one) == repr(other)
        if how == "made":
            assert _values_of(one) == _values_of(other)
    for arguments in POSITIONAL:
        assert _same(_outcome(ours, *arguments), _outcome(theirs, *arguments))


@shapes
def test_the_last_of_many_values_is_made_like_the_first(shape: Any) -> None:
    """By and by ``__init__`` is compiled, and is then a function like any other."""
    ours, theirs = shape(OURS, frozen=True, kw_only=True), shape(THEIRS, frozen=True, kw_only=True)
    given = next(given for given in GIVEN if _outcome(theirs, **given)[0] == "made")
    expected = _values_of(theirs(**given))
    assert all(_values_of(ours(**given)) == expected for _ in range(500))
    assert inspect.isfunction(vars(ours)["__init__"])


def test_a_list_by_default_is_ones_own() -> None:
    made = _defaults(OURS)
    assert made(1).c is not made(a=1).c
    first, second = made(a=1), made(a=1)
    assert first.c is not second.c
    assert made(a=4).doubled() == 8


def test_threads_may_make_the_first_value_together() -> None:
    """More threads than values are made one by one, so that some meet where ``__init__`` is compiled."""
    made = [_defaults(OURS, frozen=True, kw_only=True) for _ in range(20)]
    start = threading.Barrier(8)
    seen: list[list[tuple[str, Any]]] = []

    def make() -> None:
        start.wait()
        for cls in made:
            seen.extend(_values_of(cls(a=1)) for _ in range(30))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8 * 20 * 30
    assert all(found == [("a", 1), ("b", (1,)), ("c", [])] for found in seen)


def test_a_class_derived_of_ours_makes_its_values() -> None:
    """An undecorated one, and one of the standard library's."""

    def derived(kit: Any) -> tuple[Any, Any]:
        base = _defaults(kit, frozen=True, kw_only=True)

        class Derived(base):  # type: ignore[misc, valid-type]
            def __init__(self, a: int) -> None:
                super().__init__(a=a + 1)

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Decorated(base):  # type: ignore[misc, valid-type]
            z: int = 0

        return Derived(1), Decorated(a=1, z=2)

    (one, two), (other, other_two) = derived(OURS), derived(THEIRS)
    assert (repr(one), repr(two)) == (repr(other), repr(other_two))
    assert repr(values.replace(two, z=5)) == repr(dataclasses.replace(other_two, z=5))
    assert [f.name for f in values.fields(two)] == [f.name for f in dataclasses.fields(other_two)]
    assert [f.name for f in values.fields(one)] == [f.name for f in dataclasses.fields(other)]
    assert repr(copy.copy(two)) == repr(copy.copy(other_two))


def test_a_derived_class_may_have_attributes_of_its_own() -> None:
    """As they say; a class with slots of the standard library's cannot before Python 3.12 (gh-90562)."""
    base = _plain(OURS, frozen=True)
    one = type("Derived", (base,), {})(a=1)
    one.aside = 3
    assert one.aside == 3
    del one.aside
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
        one.a = 1
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'a'"):
        del one.a


# ------------------------------------------------------------------------------- comparing, showing, changing

_COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
_SMALL = st.fixed_dictionaries({"a": st.integers(0, 2)}, optional={"b": st.integers(0, 1), "c": st.integers(0, 1)})
_MADE = {
    (kit.__name__, frozen, eq, order): _aside(kit, frozen=frozen, eq=eq, order=order, kw_only=True)
    for kit in (OURS, THEIRS)
    for frozen, eq, order in ((True, True, True), (True, True, False), (False, True, False), (True, False, False))
}


@hypothesis.given(_SMALL, _SMALL, st.sampled_from([(True, True, True), (True, True, False), (False, True, False)]))
def test_comparisons_and_hashes(first: Any, second: Any, options: Any) -> None:
    ours, theirs = _MADE["resolver.values", *options], _MADE["dataclasses", *options]
    one, another, other, another_other = ours(**first), ours(**second), theirs(**first), theirs(**second)
    for compare in _COMPARISONS:
        (how, found), (how_theirs, expected) = _outcome(compare, one, another), _outcome(compare, other, another_other)
        assert (how, found if how == "made" else None) == (how_theirs, expected if how == "made" else None)
    assert repr(one) == repr(other)
    assert one != other
    assert _outcome(hash, one) == _outcome(hash, other)
    assert repr(values.replace(one, **second)) == repr(dataclasses.replace(other, **second))


@every_option
@shapes
def test_equality_and_hashes(shape: Any, options: dict[str, Any]) -> None:
    """Every pair is equal, or not, as theirs is; hashes are the same numbers where they are of the fields."""
    pairs = _pairs(shape, **options)
    for one, other in pairs:
        for another, theirs_too in pairs:
            assert (one == another) is (other == theirs_too)
        assert one != other
        (how, found), (how_theirs, expected) = _outcome(hash, one), _outcome(hash, other)
        assert how == how_theirs
        if options.get("eq", True):
            assert found == expected


def test_equal_to_itself_alone() -> None:
    made = _plain(OURS, frozen=True, eq=False)
    one, other = made(a=1), made(a=1)
    assert (one == one, one == other, len({one, other})) == (True, False, 2)


@every_option
@shapes
def test_replace(shape: Any, options: dict[str, Any]) -> None:
    """By our function, and by the method that ``copy.replace`` of Python 3.13 calls."""
    for one, other in _pairs(shape, **options):
        for changes in GIVEN:
            expected = _outcome(dataclasses.replace, other, **changes)
            for found in (_outcome(values.replace, one, **changes), _outcome(one.__replace__, **changes)):
                assert _same(found, expected)
                if found[0] == "made":
                    assert _values_of(found[1]) == _values_of(expected[1])


def test_what_is_not_ours_is_the_standard_librarys() -> None:
    theirs = _defaults(THEIRS, frozen=True)
    one = theirs(a=1)
    assert values.replace(one, a=2) == dataclasses.replace(one, a=2)
    assert values.fields(one) == values.fields(theirs) == dataclasses.fields(one)
    for value in (1, "text", int, None):
        assert _same(_outcome(values.replace, value), _outcome(dataclasses.replace, value))
        assert _same(_outcome(values.fields, value), _outcome(dataclasses.fields, value))
    for value in (theirs, one, _plain(OURS), _plain(OURS)(a=1), int, 1, "text", None):
        assert values.is_dataclass(value) is dataclasses.is_dataclass(value)


@pytest.mark.parametrize("frozen", [True, False])
@shapes
def test_setting_and_deleting(shape: Any, frozen: bool) -> None:
    for one, other in _pairs(shape, frozen=frozen):
        for name in one.__slots__:
            assert _same(_outcome(setattr, one, name, 5), _outcome(setattr, other, name, 5))
            assert _outcome(getattr, one, name)[0] == _outcome(getattr, other, name)[0]
            assert _outcome(delattr, one, name)[0] == _outcome(delattr, other, name)[0]


def test_nothing_of_a_frozen_value_can_be_set_or_deleted() -> None:
    one = Origin(source="x")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'source'"):
        one.source = "y"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'other'"):
        one.other = "y"  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'source'"):
        del one.source
    assert not hasattr(one, "__dict__")


# ------------------------------------------------------------------------------------ copying and matching


@values.dataclass(slots=True)
class Changing:
    """A value that may be changed, to be pickled by its name."""

    a: int
    b: list[int] = values.field(default_factory=list)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_copies_and_pickles(protocol: int) -> None:
    package = LockedPackage(kind="conda", name="a", version="1", url="https://example.org/a", sha256="0" * 64)
    for twin in (copy.copy(package), copy.deepcopy(package), pickle.loads(pickle.dumps(package, protocol))):
        assert twin == package and hash(twin) == hash(package) and repr(twin) == repr(package)
    changing = Changing(1, [2])
    for copied in (copy.deepcopy(changing), pickle.loads(pickle.dumps(changing, protocol))):
        assert copied == changing and copied.b is not changing.b
    assert copy.copy(changing).b is changing.b


def test_the_state_is_the_standard_librarys() -> None:
    """A value that was pickled by one is read by the other."""
    for one, other in _pairs(_defaults, frozen=True):
        assert one.__getstate__() == other.__getstate__()
        made: Any = type(one)
        again = made.__new__(made)
        again.__setstate__(other.__getstate__())
        assert _values_of(again) == _values_of(other)


def test_matching() -> None:
    match _defaults(OURS)(3, (4,)):
        case object(a=3, b=(inner,)):
            assert inner == 4
        case _:
            pytest.fail("it does not match by name")
    match Changing(1, [2]):
        case Changing(a, [b]):
            assert (a, b) == (1, 2)


def test_replace_looks_again_at_what_may_not_be() -> None:
    one = _checked(OURS, frozen=True, kw_only=True)(a=1)
    for replace in (dataclasses.replace, values.replace):
        with pytest.raises(ValueError, match="below zero"):
            replace(one, a=-1)
    assert values.replace(Origin(source="x"), line=3) == Origin(source="x", line=3)


# ------------------------------------------------------------------------------------------------- refused


def _mutable_default(kit: Any) -> None:
    @kit.dataclass(slots=True)
    class Made:
        a: list[int] = []  # noqa: RUF012 - what is wrong with it


def _mutable_default_of_a_field(kit: Any) -> None:
    @kit.dataclass(slots=True)
    class Made:
        a: dict[str, int] = kit.field(default={})


def _default_first(kit: Any) -> None:
    @kit.dataclass(slots=True)
    class Made:
        a: int = 1
        b: int


def _two_defaults(kit: Any) -> None:
    kit.field(default=1, default_factory=int)


def _slots_of_its_own(kit: Any) -> None:
    @kit.dataclass(slots=True)
    class Made:
        __slots__ = ("b",)

        a: int


def _setting_of_its_own(kit: Any) -> None:
    @kit.dataclass(slots=True, frozen=True)
    class Made:
        a: int

        def __setattr__(self, name: str, value: object) -> None: ...


def _order_of_its_own(kit: Any) -> None:
    @kit.dataclass(slots=True, order=True)
    class Made:
        a: int

        def __lt__(self, other: object) -> bool:
            return True


def _order_of_what_is_never_equal(kit: Any) -> None:
    kit.dataclass(slots=True, order=True, eq=False)(type("Made", (), {}))


WRONG = [
    _mutable_default,
    _mutable_default_of_a_field,
    _default_first,
    _two_defaults,
    _slots_of_its_own,
    _setting_of_its_own,
    _order_of_its_own,
    _order_of_what_is_never_equal,
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_standard_library_refuses_too(wrong: Any) -> None:
    expected = _outcome(wrong, THEIRS)[0]
    assert expected != "made"
    assert _outcome(wrong, OURS)[0] == expected


def _class_var() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Made:
        a: int
        b: ClassVar[int] = 1


def _init_var() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Made:
        a: dataclasses.InitVar[int]


def _keyword_only_from_here() -> None:
    @values.dataclass(frozen=True, slots=True)
    class Made:
        a: int
        _: dataclasses.KW_ONLY
        b: int


def _their_field() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Made:
        a: int = dataclasses.field(default=1)


def _base() -> None:
    @values.dataclass(frozen=True, slots=True, kw_only=True)
    class Made(Origin):
        a: int


def _without_slots() -> None:
    @values.dataclass(slots=False)
    class Made:
        a: int


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (_class_var, "Made: a ClassVar is for dataclasses"),
        (_init_var, "Made: a InitVar is for dataclasses"),
        (_keyword_only_from_here, "Made: a KW_ONLY is for dataclasses"),
        (_their_field, r"Made\.a: a field of dataclasses is for dataclasses"),
        (_base, "Made: a dataclass as a base is for dataclasses"),
        (_without_slots, "a class without slots is for dataclasses"),
    ],
)
def test_what_is_left_to_the_standard_library_is_refused(wrong: Any, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        wrong()


# --------------------------------------------------------------------------------------------- the program


def test_the_values_of_the_program_are_dataclasses() -> None:
    classes: list[Any] = [getattr(resolver.model, name) for name in resolver.model.__all__]
    of_ours: list[Any] = [c for c in classes if inspect.isclass(c) and dataclasses.is_dataclass(c)]
    assert Digest in of_ours
    assert all(c.__dataclass_params__.frozen for c in of_ours)


def test_virtual_packages_have_an_order() -> None:
    older, newer = (VirtualPackage(name="__glibc", version=version) for version in ("2.17", "2.28"))
    assert sorted([newer, older]) == [older, newer]


_USED = """
import sys
from resolver.model import LockedPackage, Origin
from resolver.values import fields, is_dataclass, replace

heavy = {"dataclasses", "inspect", "ast", "dis", "tokenize"}
one = Origin(source="a")
made = [replace(one, line=number) for number in range(200)]
assert len(set(made)) == 200 and made[3] == Origin(source="a", line=3)
assert repr(made[3]) == "Origin(source='a', line=3)"
assert [f.name for f in fields(LockedPackage)][0] == "kind" and is_dataclass(one) and not is_dataclass("a")
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
try:
    one.source = "b"
except AttributeError as error:
    print(type(error).__name__)
"""


def test_the_standard_librarys_module_is_not_imported() -> None:
    """It takes longer than most of a small solve: only an error, or who asks for what it alone makes, needs it."""
    done = subprocess.run([sys.executable, "-c", _USED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "FrozenInstanceError\n", "")
