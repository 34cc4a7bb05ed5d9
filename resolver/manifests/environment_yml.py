"""conda's ``environment.yml``, with what conda-lock adds to it: ``platforms``, ``category``, selectors.

A dependency is a MatchSpec (``conda_spec``), with a selector behind it at will (``selectors``); the ``pip:``
section holds lines of a requirements file (``requirements_txt``). Whatever is not known is an error.
"""

from __future__ import annotations

import re

import yaml

from resolver.errors import ManifestError
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.manifests.reading import ManifestReader, OpenText, Reading, no_includes
from resolver.manifests.requirement_lines import Requirements
from resolver.manifests.requirements_txt import read_requirements
from resolver.manifests.selectors import MalformedSelector, selected_platforms, selector_in
from resolver.manifests.yaml_nodes import YamlDocument, document_of, is_null, kind_of, line_of
from resolver.model import MAIN, CondaSpec, EnvironmentSpec
from resolver.settings.places import channel_problem, nearest, platform_problem
from resolver.values import dataclass, field, replace

__all__ = ["READER", "parse_environment_yml"]

_KEYS = ("name", "channels", "dependencies", "platforms", "category", "variables", "prefix", "pip-repositories")
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?\Z", re.ASCII)


def parse_environment_yml(
    text: str, *, source: str, open_text: OpenText = no_includes, root: str = "/"
) -> EnvironmentSpec:
    """The environment that an environment.yml declares.

    ``source`` is its path relative to ``root`` (an absolute folder, for local packages); ``open_text`` gives the
    files that its pip section includes. Raises ``ManifestError`` with file and line.
    """
    return _parse(text, Reading(source=source, open_text=open_text, root=root))


def _parse(text: str, reading: Reading) -> EnvironmentSpec:
    document = document_of(text, reading)
    values: dict[str, yaml.Node] = {}
    if document.root is not None:
        for key, key_node, value in document.pairs(document.root, "environment.yml"):
            if key not in _KEYS:
                known = nearest(key, _KEYS) or f"known are: {', '.join(_KEYS)}"
                raise document.error(key_node, f"unknown key {key!r}", hint=known)
            if not is_null(value):
                values[key] = value
    group = _category(document, values.get("category"))
    dependencies = _Dependencies(document=document, reading=replace(reading, group=group))
    if "dependencies" in values:
        dependencies.read(values["dependencies"])
    for node in _items(document, values, "pip-repositories"):
        line = f"--extra-index-url {document.text(node, 'pip-repositories')}"
        read_requirements(line, reading, dependencies.pip, first_line=line_of(node))
    return EnvironmentSpec(
        name=document.text(values["name"], "name") if "name" in values else None,
        channels=_channels(document, _items(document, values, "channels")),
        platforms=_platforms(document, _items(document, values, "platforms")),
        conda=tuple(dependencies.conda),
        pip=tuple(dependencies.pip.requirements),
        constraints=tuple(dependencies.pip.constraints),
        index=dependencies.pip.index,
        variables=_variables(document, values.get("variables")),
        sources=(reading.source,),
    )


def _items(document: YamlDocument, values: dict[str, yaml.Node], key: str) -> list[yaml.Node]:
    return document.items(values[key], key) if key in values else []


def _category(document: YamlDocument, node: yaml.Node | None) -> str:
    """conda-lock's category: the group of everything in the file."""
    if node is None:
        return MAIN
    group = document.text(node, "category")
    if not _GROUP.match(group):
        raise document.error(node, f"not a name for a group: {group!r}", field="category")
    return group


def _channels(document: YamlDocument, nodes: list[yaml.Node]) -> tuple[str, ...]:
    """The channels in order. ``nodefaults`` only says that no other is added, which is never done here."""
    found: list[str] = []
    for node in nodes:
        channel = document.text(node, "channels").rstrip("/")
        problem = channel_problem(channel)
        if problem:
            raise document.error(node, problem, field="channels")
        if channel in found:
            raise document.error(node, f"the channel {channel!r} stands there twice", field="channels")
        found.append(channel)
    if "nodefaults" in found and "defaults" in found:
        raise document.error(nodes[0], "holds both 'defaults' and 'nodefaults'", field="channels")
    return tuple(channel for channel in found if channel != "nodefaults")


def _platforms(document: YamlDocument, nodes: list[yaml.Node]) -> tuple[str, ...]:
    found: list[str] = []
    for node in nodes:
        platform = document.text(node, "platforms")
        problem = platform_problem(platform)
        if problem:
            raise document.error(node, problem, field="platforms")
        if platform in found:
            raise document.error(node, f"{platform} stands there twice", field="platforms")
        found.append(platform)
    return tuple(found)


def _variables(document: YamlDocument, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
    """Environment variables, sorted. A number is taken where it has one spelling; the rest needs quotes."""
    if node is None:
        return ()
    found = []
    for name, key, value in document.pairs(node, "variables"):
        if not _VARIABLE.match(name):
            raise document.error(key, f"not a name for a variable: {name!r}", field="variables")
        is_number = isinstance(value, yaml.ScalarNode) and kind_of(value).startswith("a number")
        plain = is_number and _PLAIN_NUMBER.match(value.value)
        found.append((name, str(value.value) if plain else document.text(value, f"variables.{name}")))
    return tuple(sorted(found))


@dataclass(slots=True)
class _Dependencies:
    """The dependencies read so far."""

    document: YamlDocument
    reading: Reading
    conda: list[CondaSpec] = field(default_factory=list)
    pip: Requirements = field(default_factory=Requirements)

    def read(self, node: yaml.Node) -> None:
        pip_nodes: list[tuple[yaml.Node, yaml.Node]] = []
        for item in self.document.items(node, "dependencies"):
            if isinstance(item, yaml.MappingNode):
                pip_nodes.append(self._pip_section(item))
            else:
                self._read_conda(item)
        if len(pip_nodes) > 1:
            raise self.document.error(pip_nodes[1][0], "a second 'pip:' section", field="dependencies")
        for key, value in pip_nodes:
            platforms = self._platforms(key)
            for item in self.document.items(value, "dependencies.pip"):
                self._read_pip(item, platforms)

    def _pip_section(self, node: yaml.MappingNode) -> tuple[yaml.Node, yaml.Node]:
        """The nodes of the key ``pip`` and of its list."""
        keys = [(key, at, value) for key, at, value in self.document.pairs(node, "dependencies")]
        for key, at, _ in keys:
            if key != "pip":
                hint = None if key.startswith("sel(") else "a dependency is a string; only 'pip:' holds a list"
                raise self.document.error(at, f"expected 'pip:', got {key!r}", field="dependencies", hint=hint)
        if not keys:
            raise self.document.error(node, "an empty mapping", field="dependencies")
        return keys[0][1:]

    def _read_conda(self, node: yaml.Node) -> None:
        text = self.document.text(node, "dependencies")
        spec = parse_conda_spec(
            text,
            origin=self.reading.origin(line_of(node)),
            group=self.reading.group,
            platforms=self._platforms(node),
        )
        self.conda.append(spec)

    def _read_pip(self, node: yaml.Node, section: tuple[str, ...] | None) -> None:
        """Read an item of the pip section, whose own selector narrows that of the ``section``."""
        text = self.document.text(node, "dependencies.pip")
        own = self._platforms(node)
        narrowed = section if own is None else own if section is None else tuple(p for p in own if p in section)
        reading = replace(self.reading, platforms=narrowed)
        first_line = line_of(node) + (getattr(node, "style", None) in ("|", ">"))
        read_requirements(text, reading, self.pip, first_line=first_line)

    def _platforms(self, node: yaml.Node) -> tuple[str, ...] | None:
        """The platforms that the selector behind a node chooses; ``None``, all, where there is none."""
        selector = selector_in(self.document.after(node).lstrip().removeprefix(":"))
        if selector is None:
            return None
        try:
            return selected_platforms(selector)
        except MalformedSelector as error:
            raise ManifestError(
                f"not a selector: [{selector}]: {error}",
                origin=self.reading.origin(line_of(node)),
                hint="write a comment that is no selector without the brackets",
            ) from error


READER = ManifestReader(
    name="environment.yml",
    matches=lambda file_name: file_name.endswith((".yml", ".yaml")),
    parse=_parse,
)
