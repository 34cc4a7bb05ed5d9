"""Dataclasses that cost little to import.

The standard library writes six functions for a frozen dataclass with slots, and compiles them one by one: a third of a
millisecond, and a command imports eighty such classes and makes most of them once or twice. The import of
``dataclasses`` takes eight milliseconds more. Here nothing is compiled but ``__init__``, and that when a class has many
values; what needs ``dataclasses`` imports it when it is first asked for.

What comes out is a dataclass to everybody: ``dataclasses.fields``, ``replace`` and ``asdict``, pickling, matching and
``FrozenInstanceError`` are as ever. To type checkers these are the functions of ``dataclasses``. Other options than
those of ``dataclass`` and ``field`` below, classes without slots, ``ClassVar``, ``InitVar``, and dataclasses as bases
are left to that module, and refused here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from operator import attrgetter, ge, gt, le, lt
from types import MethodType

from resolver.light_typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

__all__ = ["dataclass", "field", "fields", "is_dataclass", "replace"]

_T = TypeVar("_T")

_MISSING: Any = type("_Missing", (), {"__repr__": lambda self: "<missing>"})()
_MADE_ANEW: Any = type("_MadeAnew", (), {"__repr__": lambda self: "<factory>"})()  # as the standard library's
_OTHERS = ("ClassVar", "InitVar", "KW_ONLY")
_HARMLESS = frozenset({bool, bytes, int, str, tuple, type(None)})  # as defaults
_FEW = 64
"""So many values are made before ``__init__`` is compiled: this costs about as much as they have lost by then."""

_set = object.__setattr__


class _Field:
    """What is said about one field. Of the attributes of ``dataclasses.Field``, those that are known here."""

    __slots__ = ("compare", "default", "default_factory", "init", "kw_only", "name", "repr", "type")

    name: str
    type: Any
    kw_only: bool

    def __init__(
        self,
        *,
        default: Any = _MISSING,
        default_factory: Any = _MISSING,
        init: bool = True,
        repr: bool = True,  # noqa: A002 - its name in the standard library
        compare: bool = True,
    ) -> None:
        if default is not _MISSING and default_factory is not _MISSING:
            raise ValueError("cannot specify both default and default_factory")
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare

    @property
    def has_default(self) -> bool:
        return self.default is not _MISSING or self.default_factory is not _MISSING


class _Shape:
    """What a class was declared with, and what follows from it when it is first asked for."""

    made: type

    def __init__(self, declared: type, given: dict[str, Any], **options: bool) -> None:
        self.types = declared.__annotations__
        self.given = given
        self.options = options
        self.then = hasattr(declared, "__post_init__")

    @cached_property
    def described(self) -> dict[str, _Field]:
        return {name: f for name, f in self.given.items() if type(f) is _Field}

    @cached_property
    def fields(self) -> tuple[_Field, ...]:
        return tuple(self._field(name, declared) for name, declared in self.types.items())

    def _field(self, name: str, declared: Any) -> _Field:
        f = self.described.get(name) or _Field(default=self.given.get(name, _MISSING))
        f.name, f.type, f.kw_only = name, declared, self.options["kw_only"]
        return f

    @cached_property
    def compared(self) -> Callable[[object], tuple[Any, ...]]:
        left_out = {name for name, f in self.described.items() if not f.compare}
        return _getter([name for name in self.types if name not in left_out])

    @cached_property
    def set_apart(self) -> frozenset[str]:
        """The fields that ``__init__`` does not take."""
        return frozenset(name for name, f in self.described.items() if not f.init)

    @cached_property
    def filled(self) -> frozenset[str]:
        """The fields that have a value after ``__init__``; others are for ``__post_init__``."""
        return frozenset(self.types) - {name for name in self.set_apart if not self.described[name].has_default}

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The fields that ``__init__`` takes."""
        return tuple(name for name in self.types if name not in self.set_apart)

    @cached_property
    def arguments(self) -> Callable[[object], tuple[Any, ...]]:
        return _getter(self.parameters)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        described = {name: _MADE_ANEW if f.default is _MISSING else f.default for name, f in self.described.items()}
        without = [name for name, f in self.described.items() if not f.has_default]
        return {name: item for name, item in {**self.given, **described}.items() if name not in without}

    @cached_property
    def factories(self) -> list[tuple[str, Callable[[], Any]]]:
        return [(name, f.default_factory) for name, f in self.described.items() if f.default_factory is not _MISSING]


def _getter(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """The values of these attributes, as a tuple also where there is but one."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


# ---------------------------------------------------------------------------------------------- the class


def _made(cls: type[_T], *, frozen: bool, eq: bool, order: bool, kw_only: bool) -> type[_T]:
    body = cls.__dict__.copy()
    given = {name: body.pop(name) for name in cls.__annotations__ if name in body}
    _refuse_what_is_left_to_others(cls, given)
    shape = _Shape(cls, given, frozen=frozen, eq=eq, order=order, kw_only=kw_only)
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)  # they are those of a class without slots
    for name in (*(_FROZEN if frozen else ()), *(_ORDER if order else ())):
        if name in body:
            raise TypeError(f"Cannot overwrite attribute {name} in class {cls.__name__}")
    if body.get("__hash__", _MISSING) is None and "__eq__" in body:
        del body["__hash__"]  # Python put it there, and not the class
    metaclass: Any = type(cls)
    made: Any = metaclass(cls.__name__, cls.__bases__, {**_methods(shape), **body, **_attributes(cls, shape)})
    shape.made = made
    value: type[_T] = made
    return value


def _methods(shape: _Shape) -> dict[str, Any]:
    """What a class may have of its own instead."""
    options = shape.options
    return {
        **_methods_of_all(options["frozen"], options["eq"], options["order"]),
        "__init__": _Init(shape),
        "__match_args__": () if options["kw_only"] else _positional(shape),
    }


@cache
def _methods_of_all(frozen: bool, eq: bool, order: bool) -> dict[str, Any]:
    return {
        **({**_FROZEN, **_COPIED} if frozen else {}),
        **({"__eq__": _equals, "__hash__": _hash if frozen else None} if eq else {}),
        **(_ORDER if order else {}),
        "__repr__": _repr,
        "__replace__": _replace,
    }


def _attributes(cls: type, shape: _Shape) -> dict[str, Any]:
    return {
        "__qualname__": cls.__qualname__,
        "__slots__": tuple(shape.types),
        "__dataclass_fields__": _OfTheStandard(shape, "__dataclass_fields__"),
        "__dataclass_params__": _OfTheStandard(shape, "__dataclass_params__"),
        "_shape": shape,
    }


def _refuse_what_is_left_to_others(cls: type, given: dict[str, Any]) -> None:
    annotations = " ".join(map(str, cls.__annotations__.values()))
    for other in _OTHERS:
        if other in annotations:
            raise TypeError(f"{cls.__name__}: a {other} is for dataclasses.dataclass")
    if cls.__bases__ != (object,) and any(hasattr(base, "__dataclass_fields__") for base in cls.__bases__):
        raise TypeError(f"{cls.__name__}: a dataclass as a base is for dataclasses.dataclass")
    if "__slots__" in cls.__dict__:
        raise TypeError(f"{cls.__name__} already specifies __slots__")
    if not _HARMLESS.issuperset(map(type, given.values())):
        _refuse_defaults(cls, given)


def _refuse_defaults(cls: type, given: dict[str, Any]) -> None:
    for name, default in given.items():
        kind = type(default)
        if kind.__module__ == "dataclasses":
            raise TypeError(f"{cls.__name__}.{name}: a field of dataclasses is for dataclasses.dataclass")
        if kind is _Field:
            kind = type(default.default)
        if kind.__hash__ is None:
            raise ValueError(f"mutable default {kind} for field {name} is not allowed: use default_factory")


def _positional(shape: _Shape) -> tuple[str, ...]:
    before = None
    for f in shape.fields:
        if f.init and f.has_default:
            before = f.name
        elif f.init and before:
            raise TypeError(f"non-default argument {f.name!r} follows default argument {before!r}")
    return shape.parameters


# ------------------------------------------------------------------------------------------- its __init__


class _Init:
    """``__init__`` of a class with few values yet: it sets what it is given. What is wrong is for the compiled one to
    tell, which takes its place then; so does it for all who look at it."""

    __slots__ = ("left", "shape")

    def __init__(self, shape: _Shape) -> None:
        self.shape = shape
        self.left = _FEW

    def __get__(self, value: object, owner: type | None = None) -> Any:
        if not self.left or not isinstance(value, self.shape.made):
            return self._compiled().__get__(value, owner)
        self.left -= 1
        return MethodType(self._fill, value)

    def _fill(self, value: Any, /, *args: object, **given: object) -> None:
        shape = self.shape
        values = self._values(args, given)
        if values is None:
            self._compiled()(value, *args, **given)
            return
        for name, factory in shape.factories:
            if values[name] is _MADE_ANEW:
                values[name] = factory()
        for name, item in values.items():
            _set(value, name, item)
        if shape.then:
            value.__post_init__()

    def _values(self, args: tuple[object, ...], given: dict[str, object]) -> dict[str, object] | None:
        """What each field gets; ``None`` where something is wrong with what was given."""
        shape = self.shape
        if not args:
            by_place: dict[str, object] = {}
        elif shape.options["kw_only"] or len(args) > len(shape.parameters):
            return None
        else:
            by_place = dict(zip(shape.parameters, args, strict=False))
        values = {**shape.defaults, **by_place, **given}
        said_wrongly = given.keys() & (by_place.keys() | shape.set_apart)
        return None if said_wrongly or values.keys() != shape.filled else values

    def _compiled(self) -> Any:
        """Two threads may come here at once: what they make is the same."""
        init = _init(self.shape)
        type.__setattr__(self.shape.made, "__init__", init)
        return init


def _init(shape: _Shape) -> Callable[..., None]:
    """``__init__``, which takes the fields in order."""
    names: dict[str, Any] = {"__made_anew__": _MADE_ANEW}
    parameters: list[str] = []
    lines: list[str] = []
    for f in shape.fields:
        default = "__made_anew__" if f.default_factory is not _MISSING else f"__of_{f.name}__"
        names[f"__of_{f.name}__"] = f.default if f.default_factory is _MISSING else f.default_factory
        if f.init:
            parameters.append(f"{f.name}={default}" if f.has_default else f.name)
        elif not f.has_default:
            continue  # __post_init__ gives it
        value = f.name if f.init else default
        if f.default_factory is not _MISSING:
            value = f"__of_{f.name}__() if {value} is __made_anew__ else {value}"
        names[f"__set_{f.name}__"] = vars(shape.made)[f.name].__set__  # quicker than object.__setattr__
        lines.append(f"  __set_{f.name}__(self, {value})\n")
    if shape.then:
        lines.append("  self.__post_init__()\n")
    if shape.options["kw_only"] and parameters:
        parameters.insert(0, "*")
    head = f" def __init__({', '.join(('self', *parameters))}):\n"
    text = f"def make({', '.join(names)}):\n{head}{''.join(lines) or '  pass'}\n return __init__"
    init = _executed(text, shape.made)(**names)
    init.__qualname__ = f"{shape.made.__qualname__}.__init__"
    init.__annotations__ = {f.name: f.type for f in shape.fields if f.init} | {"return": None}
    made: Callable[..., None] = init
    return made


def _executed(text: str, cls: type) -> Any:
    """The function ``make`` of ``text``, which is made of the names of fields alone. Its globals are those of the
    class, for ``typing.get_type_hints``."""
    made: dict[str, Any] = {}
    exec(text, vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}, made)
    return made["make"]


# -------------------------------------------------------------------------------------- its other methods


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in self._shape.fields if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _equals(self: Any, other: object) -> Any:
    compared = self._shape.compared
    return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._shape.compared(self))


def _ordering(operator: Callable[[Any, Any], Any]) -> Callable[[Any, object], Any]:
    def compare(self: Any, other: object) -> Any:
        compared = self._shape.compared
        return operator(compared(self), compared(other)) if other.__class__ is self.__class__ else NotImplemented

    return compare


def _refuses(self: Any, name: str) -> bool:
    return self.__class__ is self._shape.made or name in self._shape.types  # a class derived of it may have its own


def _setattr(self: Any, name: str, value: object) -> None:
    if _refuses(self, name):
        _frozen(f"cannot assign to field {name!r}")
    _set(self, name, value)


def _delattr(self: Any, name: str) -> None:
    if _refuses(self, name):
        _frozen(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _frozen(message: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(message)


def _getstate(self: Any) -> list[object]:
    return [getattr(self, f.name) for f in _fields(self)]


def _setstate(self: Any, state: list[object]) -> None:
    for f, value in zip(_fields(self), state, strict=True):
        _set(self, f.name, value)


def _replace(value: _T, /, **changes: Any) -> _T:
    cls: Any = value.__class__
    shape = cls.__dict__.get("_shape")
    if shape is None or not shape.set_apart.isdisjoint(changes):
        import dataclasses  # what is not ours, and how it refuses

        return dataclasses.replace(value, **changes)  # type: ignore[type-var]
    given = dict(zip(shape.parameters, shape.arguments(value), strict=True))
    given.update(changes)
    made: _T = cls(**given)
    return made


_FROZEN: dict[str, Any] = {"__setattr__": _setattr, "__delattr__": _delattr}
_COPIED: dict[str, Any] = {"__getstate__": _getstate, "__setstate__": _setstate}
_ORDER: dict[str, Any] = {f"__{operator.__name__}__": _ordering(operator) for operator in (lt, le, gt, ge)}


# ---------------------------------------------------------------------------------- what others see of it


class _OfTheStandard:
    """What the standard library keeps in a dataclass: it is that of a twin, which it makes when this is first asked
    for."""

    __slots__ = ("name", "shape")

    def __init__(self, shape: _Shape, name: str) -> None:
        self.shape = shape
        self.name = name

    def __get__(self, value: object, owner: type | None = None) -> Any:
        made = self.shape.made
        twin = _twin(self.shape)
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            type.__setattr__(made, name, getattr(twin, name))
        return getattr(made, self.name)


def _twin(shape: _Shape) -> type:
    import dataclasses

    body: dict[str, Any] = {"__annotations__": dict(shape.types), "__module__": shape.made.__module__}
    for f in shape.fields:
        default = {"default": f.default} if f.default is not _MISSING else {}
        if f.default_factory is not _MISSING:
            default = {"default_factory": f.default_factory}
        body[f.name] = dataclasses.field(init=f.init, repr=f.repr, compare=f.compare, **default)
    return dataclasses.dataclass(**shape.options, slots=True)(type(shape.made.__name__, (), body))


def _fields(value: Any) -> tuple[Any, ...]:
    shape = (value if isinstance(value, type) else type(value)).__dict__.get("_shape")
    if shape is None:
        import dataclasses

        return dataclasses.fields(value)
    known: tuple[_Field, ...] = shape.fields
    return known


def _is_dataclass(value: object) -> bool:
    cls = value if isinstance(value, type) else type(value)
    return hasattr(cls, "_shape") or hasattr(cls, "__dataclass_fields__")


if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, is_dataclass, replace
else:
    field, fields, is_dataclass, replace = _Field, _fields, _is_dataclass, _replace

    def dataclass(
        *, slots: Literal[True], frozen: bool = False, kw_only: bool = False, eq: bool = True, order: bool = False
    ) -> Callable[[type[_T]], type[_T]]:
        if not slots:
            raise TypeError("a class without slots is for dataclasses.dataclass")
        if order and not eq:
            raise ValueError("eq must be true if order is true")
        return lambda cls: _made(cls, frozen=frozen, eq=eq, order=order, kw_only=kw_only)
