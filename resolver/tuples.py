"""``NamedTuple`` that costs less to import.

``typing.NamedTuple`` compiles each annotation that is text, as all of ours are, and the first use of ``compile`` makes
the interpreter set up the types of its syntax trees: three milliseconds, for nothing. To type checkers this is
``typing.NamedTuple`` itself.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Maker(type):
        def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> type[tuple[Any, ...]]:
            names = space["__annotations__"]
            defaults = [space.pop(field) for field in names if field in space]
            made = namedtuple(name, names, defaults=defaults, module=space.pop("__module__"))
            for key, value in space.items():
                setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
