"""Frozen dataclasses that cost less to make.

A value of ours is ``@dataclass(frozen=True, slots=True, kw_only=True)``. For each such class the standard library
writes six functions and compiles them one by one: a third of a millisecond, and a command imports eighty of them, a
sixth of the time of a small solve. Here only ``__init__`` is written; the others need nothing but the names of the
fields.

What comes out is a dataclass: ``fields``, ``replace``, pickling, matching and ``FrozenInstanceError`` are as ever. To
type checkers this is ``dataclasses.dataclass`` itself. Other options than these and ``eq``, ``InitVar``, and
dataclasses as bases are left to that one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

__all__ = ["dataclass"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        *, frozen: Literal[True], slots: Literal[True], kw_only: bool = False, eq: bool = True
    ) -> Callable[[type[_T]], type[_T]]:
        return lambda cls: _made(cls, kw_only=kw_only, eq=eq)


def _made(cls: type[_T], *, kw_only: bool, eq: bool) -> type[_T]:
    cls.__doc__ = cls.__doc__ or cls.__name__  # else a signature is made of it, which takes as long again
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    fields = dataclasses.fields(made)
    if len(fields) < len(cls.__annotations__):
        raise TypeError(f"{cls.__name__}: a ClassVar or an InitVar is for dataclasses.dataclass")
    compared = _getter([f.name for f in fields if f.compare])

    def equals(self: object, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is made else NotImplemented

    methods = {
        "__init__": _init(cls, fields),
        "__repr__": _repr,
        **({"__eq__": equals, "__hash__": lambda self: hash(compared(self))} if eq else {}),
        "__setattr__": _setattr,
        "__delattr__": _delattr,
        "__getstate__": _getstate,
        "__setstate__": _setstate,
    }
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    made.__dataclass_params__.frozen = True
    value: type[_T] = made
    return value


class _MadeAnew:
    """The default of a field with a factory, which nobody gives."""

    def __repr__(self) -> str:
        return "<factory>"  # as the standard library's


def _getter(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """The values of these attributes, as a tuple also where there is but one."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _init(cls: type, fields: tuple[Field[Any], ...]) -> Callable[..., None]:
    """``__init__``, which takes the fields in order, those that are keyword-only last."""
    names: dict[str, Any] = {"__name__": cls.__module__, "_set": object.__setattr__, "_made_anew": _MadeAnew()}
    parameters: dict[bool, list[str]] = {False: [], True: []}
    lines: list[str] = []
    for f in fields:
        default = "_made_anew" if f.default_factory is not MISSING else f"_of_{f.name}"
        names[f"_of_{f.name}"] = f.default if f.default_factory is MISSING else f.default_factory
        has_default = f.default is not MISSING or f.default_factory is not MISSING
        if f.init:
            parameters[bool(f.kw_only)].append(f"{f.name}={default}" if has_default else f.name)
        elif not has_default:
            continue  # __post_init__ gives it
        value = f.name if f.init else default
        if f.default_factory is not MISSING:
            value = f"_of_{f.name}() if {value} is _made_anew else {value}"
        lines.append(f" _set(self, {f.name!r}, {value})\n")
    if "__post_init__" in cls.__dict__:
        lines.append(" self.__post_init__()\n")
    keyword_only = ["*", *parameters[True]] if parameters[True] else []
    text = f"def __init__({', '.join(('self', *parameters[False], *keyword_only))}):\n{''.join(lines) or ' pass'}"
    exec(text, names)  # it is made of the names of fields alone
    init = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {f.name: f.type for f in fields if f.init} | {"return": None}
    made: Callable[..., None] = init
    return made


def _repr(self: Any) -> str:
    shown = (f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _setattr(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[object]:
    return [getattr(self, f.name) for f in dataclasses.fields(self)]


def _setstate(self: Any, state: list[object]) -> None:
    for f, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, f.name, value)
