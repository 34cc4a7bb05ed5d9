"""YAML text to plain values, fast and strictly.

yaml-rs reads a lock of a megabyte some fifteen times faster than PyYAML, but it is young, and YAML reads an
unquoted ``1.10`` as a number. So: decode strictly into the expected types, and if that fails read once more with
PyYAML's BaseLoader, where every scalar is its exact text.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
import yaml_rs

from resolver.errors import LockFormatError
from resolver.model import Origin

__all__ = ["read_yaml"]

_T = TypeVar("_T")

_MAX_DEPTH = 64
_NULLS = ("", "~", "null", "Null", "NULL")

_MAYBE_ANCHOR = re.compile(r"(?:^|[\s,:\[{])&[^\s,\[\]{}]", re.MULTILINE)
_MAYBE_DEEP = re.compile(r"^[ \t?:-]{128}", re.MULTILINE)
"""What the fast reader must not see: aliases can be made to explode, and block collections that nest some thousand
deep (``- - - -``) overflow its stack and end the process. Both may also stand in a harmless string."""


def read_yaml(text: str, source: str, type_: type[_T]) -> _T:
    """The document as a ``type_`` (a msgspec Struct). Raises ``LockFormatError`` with the source, and the line or
    the field at fault. Anchors and aliases are refused: no lock needs them, and they can be made to explode."""
    if not (_MAYBE_ANCHOR.search(text) or _MAYBE_DEEP.search(text)):
        try:
            return msgspec.convert(_decode(text), type_, strict=True)
        except (yaml_rs.YAMLDecodeError, msgspec.ValidationError):
            pass  # read again below, for the exact text of each scalar and the line of an error
    try:
        return msgspec.convert(_decode_slowly(text, source), type_, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or None
        raise LockFormatError(message, origin=Origin(source=source), field=field) from error


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
            f"not YAML: {error.problem or error.context}", origin=Origin(source=source, line=line)
        ) from error
    except yaml.YAMLError as error:
        raise LockFormatError(f"not YAML: {error}", origin=Origin(source=source)) from error


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
                        None, None, f"the key {key.value!r} occurs twice", key.start_mark
                    )
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return UniqueKeys
