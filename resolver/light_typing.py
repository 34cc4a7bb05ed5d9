"""What a command needs of ``typing`` before it has done anything, at next to no cost.

To type checkers each name is that of ``typing`` itself. At run time nothing here looks at types, and importing
``typing`` is a twelfth of a small solve from the cache. So what such a solve imports takes these names from here: they
may stand in annotations and as bases, and mean nothing there (``Literal`` is the type of its values, also to msgspec:
what it decodes has to judge them by itself). ``NamedTuple`` alone makes what the other makes, without
compiling each annotation (for which the interpreter sets up the types of its syntax trees: three milliseconds).
"""

from __future__ import annotations

from collections import namedtuple

__all__ = ["TYPE_CHECKING", "Any", "Generic", "Literal", "NamedTuple", "NoReturn", "Protocol", "TypeVar"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Generic, Literal, NamedTuple, NoReturn, Protocol, TypeVar
else:
    Any = object
    NoReturn = None

    def TypeVar(name: str, **_: object) -> str:  # noqa: N802 - its name
        return name

    class Generic:
        __slots__ = ()

        def __class_getitem__(cls, _: object) -> type:
            return cls

    Protocol = Generic

    class Literal:
        """The type of the first of the values."""

        def __class_getitem__(cls, values: object) -> type:
            return type(values[0] if isinstance(values, tuple) else values)

    class _Maker(type):
        def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, object]) -> type[tuple[object, ...]]:
            names = space["__annotations__"]
            defaults = [space.pop(field) for field in names if field in space]
            made = namedtuple(name, names, defaults=defaults, module=space.pop("__module__"))
            for key, value in space.items():
                setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
