"""YAML as nodes with their lines, within bounds: PyYAML composes, and nothing is constructed from it.

Composing keeps the mark of each node, which loading throws away. Only text, numbers and the like can come out of
it, no Python objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from resolver.errors import ManifestError
from resolver.manifests.reading import Reading
from resolver.values import dataclass

__all__ = ["YamlDocument", "document_of"]

_LARGEST = 4 * 1024 * 1024
_MOST_NODES = 100_000
"""A manifest of a thousand dependencies has some two thousand nodes; a bomb of aliases has billions."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "null": "nothing",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "map": "a mapping",
    "seq": "a list",
    "str": "a string",
    "merge": "a merge key",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """A YAML text whose root is a mapping, or that is empty (``root`` is ``None``)."""

    root: yaml.MappingNode | None
    lines: tuple[str, ...]
    reading: Reading

    def error(
        self, node: yaml.Node, message: str, *, field: str | None = None, hint: str | None = None
    ) -> ManifestError:
        return ManifestError(message, origin=self.reading.origin(line_of(node)), field=field, hint=hint)

    def pairs(self, node: yaml.Node, field: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """The keys of a mapping, each with its own node and that of its value. A key that stands there twice is
        an error: YAML forbids it, and most readers drop one in silence."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"expected a mapping, got {kind_of(node)}", field=field)
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == f"{_TAG}merge":
                raise self.error(key, f"expected a key, got {kind_of(key)}", field=field)
            if key.value in seen:
                message = f"the key {key.value!r} stands there twice; the first is in line {seen[key.value]}"
                raise self.error(key, message, field=field)
            seen[key.value] = line_of(key)
            yield key.value, key, value

    def items(self, node: yaml.Node, field: str) -> list[yaml.Node]:
        """The items of a list; an empty value is an empty list."""
        if is_null(node):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, f"expected a list, got {kind_of(node)}", field=field)
        return list(node.value)

    def text(self, node: yaml.Node, field: str) -> str:
        """The text of a string. A number is refused, as ``3.10`` and ``3.1`` are the same one."""
        if isinstance(node, yaml.ScalarNode) and node.tag == f"{_TAG}str":
            return str(node.value)
        # A colon makes a mapping of a text that was not meant as one: "--only-binary :all:".
        quotable = isinstance(node, (yaml.ScalarNode, yaml.MappingNode)) and not is_null(node)
        hint = "put it in quotes" if quotable else None
        raise self.error(node, f"expected a string, got {kind_of(node)}", field=field, hint=hint)

    def after(self, node: yaml.Node) -> str:
        """What stands behind a scalar on its last line: nothing, or a comment."""
        if getattr(node, "style", None) in ("|", ">"):
            return ""  # a block ends with its last line, and what follows is another's
        mark = node.end_mark
        return self.lines[mark.line][mark.column :] if mark.line < len(self.lines) else ""


def document_of(text: str, reading: Reading) -> YamlDocument:
    """The one document in a YAML text. Raises ``ManifestError`` with the line for bad YAML, for more than one
    document, and for a text that grows beyond all bounds where its aliases are followed."""
    if len(text) > _LARGEST:
        raise ManifestError(f"larger than {_LARGEST} characters", origin=reading.origin())
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ManifestError(f"bad YAML: {_problem(error)}", origin=reading.origin(line), hint=_hint(error)) from error
    except yaml.YAMLError as error:
        raise ManifestError(f"bad YAML: {str(error).splitlines()[0]}", origin=reading.origin()) from error
    except RecursionError as error:
        raise ManifestError("bad YAML: nested too deeply", origin=reading.origin()) from error
    lines = tuple(_LINE_BREAK.split(text))
    if root is None or is_null(root):
        return YamlDocument(root=None, lines=lines, reading=reading)
    _check_size(root, reading)
    if not isinstance(root, yaml.MappingNode):
        raise ManifestError(f"expected a mapping, got {kind_of(root)}", origin=reading.origin(line_of(root)))
    return YamlDocument(root=root, lines=lines, reading=reading)


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def is_null(node: yaml.Node) -> bool:
    return bool(node.tag == f"{_TAG}null")


def kind_of(node: yaml.Node) -> str:
    """What a node is, in words, with a short scalar itself."""
    kind = _KINDS.get(node.tag.removeprefix(_TAG), f"something tagged {node.tag}")
    return f"{kind} ({node.value})" if kind in ("a number", "a boolean", "a date") else kind


def _check_size(root: yaml.Node, reading: Reading) -> None:
    """Walk the tree as if every alias were written out, and stop where that is too much (or never ends)."""
    waiting = [root]
    count = 0
    while waiting:
        node = waiting.pop()
        count += 1
        if count > _MOST_NODES:
            raise ManifestError(
                f"grows beyond {_MOST_NODES} values where its aliases are followed",
                origin=reading.origin(line_of(root)),
                hint="write the aliases (*name) out",
            )
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)


def _problem(error: yaml.MarkedYAMLError) -> str:
    return ": ".join(part for part in (error.context, error.problem) if part)


def _hint(error: yaml.MarkedYAMLError) -> str | None:
    problem = error.problem or ""
    if "\\t" in problem:
        return "indent with spaces, not with tabs"
    if "another document" in problem:
        return "keep one document in the file (nothing after '---')"
    if "cannot start any token" in problem or "expected alphabetic" in problem:
        return "put the text in quotes"
    return None
