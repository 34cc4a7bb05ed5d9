"""Lists of YAML, edited in the text: items in block style on lines of their own, or in flow style in brackets."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from resolver.errors import ManifestError
from resolver.manifests.editing.lines import end_of_line, insert_line, newline_of, remove_lines, start_of_line
from resolver.manifests.yaml_nodes import YamlDocument
from resolver.values import dataclass

__all__ = ["YamlList", "end_of", "scalar"]

_QUOTES = ("'", '"')


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlList:
    """A list that has a node in a text."""

    text: str
    node: yaml.SequenceNode
    document: YamlDocument

    def insert(self, place: int, value: str) -> str:
        """The text with ``value`` as the new item number ``place``."""
        siblings = [item for item in self.node.value if isinstance(item, yaml.ScalarNode)]
        if self.node.flow_style:
            return self._insert_in_flow(place, scalar(value, siblings, flow=True))
        if place == 0:
            index, dash = self._first_line(0)
        else:
            dash = self._first_line(place - 1)[1]
            index = end_of_line(self.text, end_of(self.text, self.node.value[place - 1]))
        return insert_line(self.text, index, f"{dash}{scalar(value, siblings)}")

    def insert_lines(self, lines: Sequence[str]) -> str:
        """The text with a last item of several lines (block style), the first after its dash."""
        last = len(self.node.value) - 1
        _, dash = self._first_line(last)
        index = end_of_line(self.text, end_of(self.text, self.node.value[last]))
        indented = [f"{dash}{lines[0]}", *(" " * len(dash) + line for line in lines[1:])]
        return insert_line(self.text, index, newline_of(self.text).join(indented))

    def replace(self, place: int, value: str) -> str:
        """The text with another ``value`` in the item, quoted as that was."""
        item = self.node.value[place]
        start, end = item.start_mark.index, item.end_mark.index
        if not isinstance(item, yaml.ScalarNode) or item.style in ("|", ">"):
            raise self._cannot(item)
        return self.text[:start] + scalar(value, [item], flow=bool(self.node.flow_style)) + self.text[end:]

    def remove(self, place: int) -> str:
        """The text without the item. Comments on lines of their own stay."""
        if self.node.flow_style:
            return self._remove_from_flow(place)
        start, _ = self._first_line(place)
        return remove_lines(self.text, start, end_of_line(self.text, end_of(self.text, self.node.value[place])))

    # ---- block style

    def _first_line(self, place: int) -> tuple[int, str]:
        """Where the line of an item begins, and what stands on it before the item: its indentation and dash."""
        item = self.node.value[place]
        start = start_of_line(self.text, item.start_mark.index)
        before = self.text[start : item.start_mark.index]
        if not re.fullmatch(r" *- *", before):
            raise self._cannot(item)
        return start, before

    # ---- flow style

    def _insert_in_flow(self, place: int, value: str) -> str:
        items = self.node.value
        if not items:
            index = self.node.start_mark.index + 1
            return self.text[:index] + value + self.text[index:]
        gap = self._gap(1) if len(items) > 1 else ", "
        gap = ", " if "#" in gap else gap
        if place == 0:
            index = items[0].start_mark.index
            return self.text[:index] + value + gap + self.text[index:]
        index = items[place - 1].end_mark.index
        return self.text[:index] + gap + value + self.text[index:]

    def _gap(self, place: int) -> str:
        """What stands between an item and the one before it."""
        items = self.node.value
        return self.text[items[place - 1].end_mark.index : items[place].start_mark.index]

    def _remove_from_flow(self, place: int) -> str:
        items = self.node.value
        start, end = items[place].start_mark.index, items[place].end_mark.index
        if place > 0 and "#" not in self._gap(place):
            start = items[place - 1].end_mark.index
        elif place + 1 < len(items) and "#" not in self._gap(place + 1):
            end = items[place + 1].start_mark.index
        else:
            comma = re.match(r" *,", self.text[end:])
            end += comma.end() if comma else 0
        return self.text[:start] + self.text[end:]

    def _cannot(self, item: yaml.Node) -> ManifestError:
        return self.document.error(item, "this item cannot be edited without guessing", hint="edit it by hand")


def end_of(text: str, node: yaml.Node) -> int:
    """The offset after the last character that is a node's own: its end mark may lie behind comments and breaks."""
    children = [child for pair in node.value for child in pair] if isinstance(node, yaml.MappingNode) else node.value
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False) or not children:
        end = int(node.end_mark.index)
        return len(text[:end].rstrip()) if getattr(node, "style", None) in ("|", ">") else end
    return end_of(text, children[-1])


def scalar(value: str, siblings: Sequence[yaml.ScalarNode], *, flow: bool = False) -> str:
    """The text as YAML: quoted as all its siblings are, plain where that has the same meaning, else quoted."""
    styles = {sibling.style for sibling in siblings}
    style = styles.pop() if len(styles) == 1 else None
    if style not in _QUOTES:
        if _is_plain(value, flow):
            return value
        style = '"'
    if style == '"' and not re.search(r'["\\]', value):
        return f'"{value}"'
    return "'" + value.replace("'", "''") + "'"


def _is_plain(value: str, flow: bool) -> bool:
    try:
        node = yaml.compose(f"[{value}]" if flow else f"- {value}", Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    items: list[yaml.Node] = list(node.value) if isinstance(node, yaml.SequenceNode) else []
    return len(items) == 1 and items[0].tag == "tag:yaml.org,2002:str" and items[0].value == value
