"""YAML text to plain values, fast and strictly.

yaml-rs reads a lock of a megabyte some fifteen times faster than PyYAML, but it is young, and YAML reads an
unquoted ``1.10`` as a number. So: decode strictly into the expected types, and if that fails read once more with
PyYAML's BaseLoader, where every scalar is its exact text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import yaml_rs

from resolver.errors import LockFormatError
from resolver.model import Origin

__all__ = ["read_yaml"]

_T = TypeVar("_T")

_MAX_DEPTH = 64
_NULLS = ("", "~", "null", "Null", "NULL")

_LONGEST_MESSAGE = 300

_MAYBE_ANCHOR = re.compile(r"&(?<![^\s,:\[{]&)[^\s,\[\]{}]")
_MAYBE_DEEP = tuple(re.compile(start + r"[ \t?:-]{128}") for start in (r"\A\ufeff?", r"\n", r"\r"))
"""What the fast reader must not see: aliases can be made to explode, and block collections that nest some thousand
deep (``- - - -``) overflow its stack and end the process. Both may also stand in a harmless string. Each pattern begins
with a letter that can be searched for, which is thirty times faster than one that looks at each place."""

_DIGITS = re.compile(r"[0-9A-Fa-f_]{160}")
_STRIDE = 2_000
"""A number costs the fast reader the square of its digits, and Python refuses to print one of more than 4,300. One of
2,160 is seen by a look at one place in so many; no hash is as long as what is looked for there."""


def read_yaml(text: str, source: str, type_: type[_T], *, judge: Callable[[object], None] = lambda _: None) -> _T:
    """The document as a ``type_`` (a msgspec Struct). Raises ``LockFormatError`` with the source, and the line or
    the field at fault. Anchors and aliases are refused: no lock needs them, and they can be made to explode.

    ``judge`` is shown the plain document before its fields are looked at, and may refuse it with an error of its own:
    what is of another version is best told so, and not by the first field that differs.
    """
    if not _may_harm(text):
        try:
            document = _decode(text)
            judge(document)
            return msgspec.convert(document, type_, strict=True)
        except (yaml_rs.YAMLDecodeError, msgspec.ValidationError):
            pass  # read again below, for the exact text of each scalar and the line of an error
    document = _decode_slowly(text, source)
    judge(document)
    try:
        return msgspec.convert(document, type_, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or None
        raise LockFormatError(_shortened(message), origin=Origin(source=source), field=field) from error


def _may_harm(text: str) -> bool:
    return bool(
        _MAYBE_ANCHOR.search(text)
        or any(deep.search(text) for deep in _MAYBE_DEEP)
        or any(_DIGITS.match(text, at) for at in range(0, len(text), _STRIDE))
    )


def _decode(text: str) -> Any:
    return yaml_rs.loads(text, parse_datetime=False, duplicate_key_policy=yaml_rs.DuplicateKeyPolicy.Error)


def _decode_slowly(text: str, source: str) -> Any:
    import yaml

    try:
        _refuse_traps(yaml.parse(text, yaml.CSafeLoader), source)
        return yaml.load(text, _unique_keys_loader())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise LockFormatError(
            f"not YAML: {_shortened(str(error.problem or error.context))}", origin=Origin(source=source, line=line)
        ) from error
    except yaml.YAMLError as error:
        raise LockFormatError(f"not YAML: {_shortened(str(error))}", origin=Origin(source=source)) from error


def _shortened(message: str) -> str:
    """A message that quotes the file, which may hold words of a megabyte, and characters that command a terminal."""
    start = message[:_LONGEST_MESSAGE]
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in start)
    return plain if len(message) <= _LONGEST_MESSAGE else f"{plain}…"


def _refuse_traps(events: Any, source: str) -> None:
    import yaml

    depth = 0
    for event in events:
        if getattr(event, "anchor", None) is not None:
            raise LockFormatError(
                "YAML anchors and aliases are not allowed in a lock",
                origin=Origin(source=source, line=event.start_mark.line + 1),
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            line = event.start_mark.line + 1
            raise LockFormatError("nested too deeply for a lock", origin=Origin(source=source, line=line))


def _unique_keys_loader() -> Any:
    """BaseLoader with two differences: null is null, and of two equal keys neither is kept (PyYAML takes the last; a
    lock that has two is damaged, and which one counts is a guess)."""
    import yaml

    class UniqueKeys(yaml.CBaseLoader):
        def construct_scalar(self, node: Any) -> str | None:  # type: ignore[override]
            plain = node.style not in ("'", '"', "|", ">")
            return None if plain and node.value in _NULLS else str(node.value)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value[:80]!r} occurs twice", key.start_mark
                    )
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return UniqueKeys
