"""``resolver.light_typing.NamedTuple`` makes what ``typing.NamedTuple`` makes."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
import typing

import msgspec
import pytest

from resolver.light_typing import NamedTuple


class _Ours(NamedTuple):
    """A place."""

    name: str
    rows: tuple[int, ...]
    note: str | None = None

    @property
    def first(self) -> int:
        return self.rows[0]

    def renamed(self, name: str) -> _Ours:
        return self._replace(name=name)


class _Theirs(typing.NamedTuple):
    """A place."""

    name: str
    rows: tuple[int, ...]
    note: str | None = None


_VALUE = _Ours("a", (1, 2))


def test_it_is_a_named_tuple() -> None:
    assert tuple(_VALUE) == tuple(_Ours(name="a", rows=(1, 2), note=None)) == ("a", (1, 2), None)
    assert (_VALUE.first, _VALUE.renamed("b").name, _VALUE._asdict()) == (
        1,
        "b",
        {"name": "a", "rows": (1, 2), "note": None},
    )
    match _VALUE:
        case _Ours(name, rows=rows):
            assert (name, rows) == ("a", (1, 2))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'rows'"):
        _Ours("a")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        _VALUE.name = "b"  # type: ignore[misc]


def test_it_is_told_as_theirs() -> None:
    assert inspect.signature(_Ours).parameters.keys() == inspect.signature(_Theirs).parameters.keys()
    assert (_Ours._fields, _Ours._field_defaults) == (_Theirs._fields, _Theirs._field_defaults)
    assert typing.get_type_hints(_Ours) == typing.get_type_hints(_Theirs)
    assert (_Ours.__doc__, _Ours.__module__, _Ours.__qualname__) == ("A place.", __name__, "_Ours")
    assert repr(_VALUE) == "_Ours(name='a', rows=(1, 2), note=None)"
    assert not hasattr(_VALUE, "__dict__")


def test_it_is_pickled_and_decoded() -> None:
    assert pickle.loads(pickle.dumps(_VALUE)) == _VALUE
    found = msgspec.json.decode(b'["a", [1, 2]]', type=_Ours)
    assert (found, type(found)) == (_VALUE, _Ours)


def test_nothing_is_compiled_for_it() -> None:
    program = """
from __future__ import annotations
import builtins
from resolver.light_typing import NamedTuple
builtins.compile = None
class Place(NamedTuple):
    name: str
assert Place("a").name == "a"
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    with_typing = program.replace("resolver.light_typing", "typing")
    assert subprocess.run([sys.executable, "-c", with_typing], check=False, capture_output=True).returncode == 1
