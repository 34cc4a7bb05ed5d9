"""``environment.yml``, edited on its raw lines: comments, order, indentation and quotes stay.

A spec is added to ``dependencies``, before its ``pip:`` section; a requirement to that section, which is made where it
is missing. In a sorted list a new item goes to its place, else to the end. An item of the same name is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from resolver.errors import ManifestError
from resolver.manifests import environment_yml
from resolver.manifests.editing.edits import Addition, ManifestEditor, Removal, conda_name, place_for, project_name
from resolver.manifests.editing.lines import end_of_line, insert_line, newline_of
from resolver.manifests.editing.yaml_lists import YamlList, scalar
from resolver.manifests.reading import Reading
from resolver.manifests.yaml_nodes import YamlDocument, document_of, is_null
from resolver.model import MAIN

__all__ = ["EDITOR"]

_INDENTATION = 2


def _add(text: str, source: str, addition: Addition) -> str:
    document = document_of(text, Reading(source=source))
    _check_group(document, addition.group)
    before = _requests(document)
    edited = _with_requirement(text, document, addition) if addition.is_pip else _with_spec(text, document, addition)
    kept = [request for request in before if request[0] != addition.is_pip or request[1] != addition.name]
    _check(edited, source, [*kept, (addition.is_pip, addition.name, addition.text)])
    return edited


def _remove(text: str, source: str, removal: Removal) -> str:
    document = document_of(text, Reading(source=source))
    if removal.group is not None and removal.group != _group(document):
        return text
    before = _requests(document)
    kept = [request for request in before if not _is_meant(request, removal)]
    edited = text
    while True:
        next_text = _without_one(edited, document_of(edited, Reading(source=source)), removal)
        if next_text is None:
            break
        edited = next_text
    _check(edited, source, kept)
    return edited


def _names(text: str, source: str) -> tuple[str, ...]:
    return tuple(name for _, name, _ in _requests(document_of(text, Reading(source=source))) if name is not None)


# ------------------------------------------------------------------------------------------------- adding


def _with_spec(text: str, document: YamlDocument, addition: Addition) -> str:
    dependencies = _dependencies(document)
    if not isinstance(dependencies, yaml.SequenceNode) or (not dependencies.value and not dependencies.flow_style):
        return _with_first(text, document, [scalar(addition.text, ())])
    items = YamlList(text=text, node=dependencies, document=document)
    names = [_conda_name_of(item) for item in dependencies.value]
    same = [n for n, name in enumerate(names) if name == addition.name]
    if same:
        return _replaced(items, same, addition)
    specs = [n for n, item in enumerate(dependencies.value) if isinstance(item, yaml.ScalarNode)]
    until = specs[-1] + 1 if specs else 0
    return items.insert(place_for(str(addition.name), names[:until]), addition.text)


def _with_requirement(text: str, document: YamlDocument, addition: Addition) -> str:
    dependencies = _dependencies(document)
    section = _pip_section(dependencies)
    if dependencies is None or section is None:
        return _with_pip_section(text, document, dependencies, addition.text)
    if not isinstance(section[1], yaml.SequenceNode):
        indent = section[0].start_mark.column + dependencies.start_mark.column
        index = end_of_line(text, section[1].end_mark.index)
        return insert_line(text, index, f"{' ' * indent}- {scalar(addition.text, ())}")
    items = YamlList(text=text, node=section[1], document=document)
    names = [_project_name_of(item) for item in section[1].value]
    same = [n for n, name in enumerate(names) if name == addition.name]
    if same:
        return _replaced(items, same, addition)
    return items.insert(place_for(str(addition.name), names), addition.text)


def _replaced(items: YamlList, same: list[int], addition: Addition) -> str:
    if len(same) > 1:
        item = items.node.value[same[1]]
        message = f"{addition.name} stands there {len(same)} times"
        raise items.document.error(item, message, hint="edit the one that is meant by hand")
    return items.replace(same[0], addition.text)


def _with_pip_section(text: str, document: YamlDocument, dependencies: yaml.Node | None, requirement: str) -> str:
    if not isinstance(dependencies, yaml.SequenceNode) or (not dependencies.value and not dependencies.flow_style):
        return _with_first(text, document, ["pip:", f"{' ' * _INDENTATION}- {scalar(requirement, ())}"])
    items = YamlList(text=text, node=dependencies, document=document)
    if dependencies.flow_style:
        last = dependencies.value[-1].end_mark.index if dependencies.value else dependencies.start_mark.index + 1
        gap = ", " if dependencies.value else ""
        return f"{text[:last]}{gap}{{pip: [{scalar(requirement, (), flow=True)}]}}{text[last:]}"
    deeper = " " * dependencies.start_mark.column
    return items.insert_lines(["pip:", f"{deeper}- {scalar(requirement, ())}"])


def _with_first(text: str, document: YamlDocument, lines: list[str]) -> str:
    """The first item, of one or more lines: below the key, or below a new key at the end."""
    newline = newline_of(text)
    indented = [f"{' ' * _INDENTATION}- {lines[0]}", *(f"{' ' * 2 * _INDENTATION}{line}" for line in lines[1:])]
    dependencies = _dependencies(document)
    if dependencies is not None and is_null(dependencies):
        index = end_of_line(text, dependencies.end_mark.index)
        return insert_line(text, index, newline.join(indented))
    return insert_line(text, len(text), newline.join(["dependencies:", *indented]))


# ----------------------------------------------------------------------------------------------- removing


def _without_one(text: str, document: YamlDocument, removal: Removal) -> str | None:
    """The text without the last item that is meant; ``None`` where there is none."""
    dependencies = _dependencies(document)
    if not isinstance(dependencies, yaml.SequenceNode):
        return None
    items = YamlList(text=text, node=dependencies, document=document)
    section = _pip_section(dependencies)
    if section is not None and isinstance(section[1], yaml.SequenceNode):
        meant = [n for n, item in enumerate(section[1].value) if removal.is_project(_project_name_of(item))]
        if meant and len(section[1].value) == 1:
            return items.remove(_place_of_section(dependencies))
        if meant:
            return YamlList(text=text, node=section[1], document=document).remove(meant[-1])
    meant = [n for n, item in enumerate(dependencies.value) if removal.is_conda(_conda_name_of(item))]
    return items.remove(meant[-1]) if meant else None


def _place_of_section(dependencies: yaml.SequenceNode) -> int:
    return next(n for n, item in enumerate(dependencies.value) if isinstance(item, yaml.MappingNode))


# ----------------------------------------------------------------------------------------- what there is


def _dependencies(document: YamlDocument) -> yaml.Node | None:
    return _value(document, "dependencies")


def _value(document: YamlDocument, key: str) -> yaml.Node | None:
    if document.root is None:
        return None
    return next((value for name, _, value in document.pairs(document.root, "environment.yml") if name == key), None)


def _group(document: YamlDocument) -> str:
    category = _value(document, "category")
    return document.text(category, "category") if category is not None and not is_null(category) else MAIN


def _check_group(document: YamlDocument, group: str | None) -> None:
    have = _group(document)
    if group is not None and group != have:
        raise ManifestError(
            f"everything in it is in the group {have}",
            origin=document.reading.origin(),
            hint=f"put the group {group} into a file of its own, with `category: {group}`",
        )


def _pip_section(dependencies: yaml.Node | None) -> tuple[yaml.Node, yaml.Node] | None:
    """The nodes of the key ``pip`` and of its list."""
    if isinstance(dependencies, yaml.SequenceNode):
        for item in dependencies.value:
            if isinstance(item, yaml.MappingNode):
                for key, value in item.value:
                    if key.value == "pip":
                        return key, value
    return None


def _conda_name_of(item: yaml.Node) -> str | None:
    return conda_name(str(item.value)) if isinstance(item, yaml.ScalarNode) else None


def _project_name_of(item: yaml.Node) -> str | None:
    return project_name(str(item.value)) if isinstance(item, yaml.ScalarNode) else None


_Request = tuple[bool, str | None, str]
"""Whether it is pip's, its name, and its text."""


def _requests(document: YamlDocument) -> list[_Request]:
    dependencies = _dependencies(document)
    found: list[_Request] = []
    if isinstance(dependencies, yaml.SequenceNode):
        scalars = (item for item in dependencies.value if isinstance(item, yaml.ScalarNode))
        found += [(False, _conda_name_of(item), str(item.value)) for item in scalars]
    section = _pip_section(dependencies)
    if section is not None and isinstance(section[1], yaml.SequenceNode):
        found += [(True, _project_name_of(item), str(item.value)) for item in section[1].value]
    return found


def _is_meant(request: _Request, removal: Removal) -> bool:
    is_pip, name, _ = request
    return removal.is_project(name) if is_pip else removal.is_conda(name)


def _check(edited: str, source: str, expected: Iterable[_Request]) -> None:
    """An edit of raw text must not have done more than it should: the result is read again."""
    try:
        found = _requests(document_of(edited, Reading(source=source)))
    except ManifestError as error:
        raise _beyond_us(source) from error
    if sorted(map(str, found)) != sorted(map(str, expected)):
        raise _beyond_us(source)


def _beyond_us(source: str) -> ManifestError:
    return ManifestError(
        "it is written in a way that cannot be edited without guessing",
        origin=Reading(source=source).origin(),
        hint="edit it by hand, then `samebox lock`",
    )


EDITOR = ManifestEditor(
    name=environment_yml.READER.name,
    matches=environment_yml.READER.matches,
    add=_add,
    remove=_remove,
    names=_names,
)
