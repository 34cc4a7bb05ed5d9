"""Requirements files, edited on their raw lines: comments, options, continuations and order stay."""

from __future__ import annotations

from resolver.errors import ManifestError
from resolver.manifests import requirements_txt
from resolver.manifests.editing.edits import Addition, ManifestEditor, Removal, place_for, project_name
from resolver.manifests.editing.lines import insert_line, remove_lines
from resolver.manifests.requirements_txt import logical_lines
from resolver.model import MAIN, Origin
from resolver.values import dataclass

__all__ = ["EDITOR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A requirement, and the offsets of the lines that it takes."""

    name: str
    start: int
    end: int


def _add(text: str, source: str, addition: Addition) -> str:
    if not addition.is_pip:
        raise ManifestError(
            f"a requirements file has no place for a conda package ({addition.text})",
            origin=Origin(source=source),
            hint="--pip adds a Python requirement; conda packages go into an environment.yml",
        )
    if addition.group not in (None, MAIN):
        raise ManifestError("a requirements file has no groups", origin=Origin(source=source))
    lines = _lines(text)
    same = [line for line in lines if line.name == addition.name]
    if len(same) > 1:
        raise ManifestError(
            f"{addition.name} stands there {len(same)} times",
            origin=Origin(source=source, line=text.count("\n", 0, same[1].start) + 1),
            hint="edit the one that is meant by hand",
        )
    if same:
        return _replaced(text, same[0], addition.text)
    place = place_for(str(addition.name), [line.name for line in lines])
    index = lines[place].start if place < len(lines) else lines[-1].end if lines else len(text)
    return insert_line(text, index, addition.text)


def _replaced(text: str, line: _Line, requirement: str) -> str:
    """Another requirement in place of one, with the comment behind that. Hashes of the old one go with it."""
    old = text[line.start : line.end]
    content = old.rstrip("\r\n")
    (_, said), *_ = logical_lines(old)
    behind = content[len(content) - len(content.lstrip()) + len(said) :] if said in content else ""
    return text[: line.start] + requirement + behind + old[len(content) :] + text[line.end :]


def _remove(text: str, source: str, removal: Removal) -> str:
    if removal.group not in (None, MAIN):
        return text
    for line in reversed(_lines(text)):
        if removal.is_project(line.name):
            text = remove_lines(text, line.start, line.end)
    return text


def _names(text: str, source: str) -> tuple[str, ...]:
    return tuple(line.name for line in _lines(text))


def _lines(text: str) -> list[_Line]:
    physical = text.splitlines(keepends=True)
    offsets = [0]
    for line in physical:
        offsets.append(offsets[-1] + len(line))
    found = []
    for number, said in logical_lines(text):
        name = project_name(said)
        if name is not None:
            last = number
            while last < len(physical) and _continues(physical[last - 1]):
                last += 1
            found.append(_Line(name=name, start=offsets[number - 1], end=offsets[last]))
    return found


def _continues(line: str) -> bool:
    return not line.lstrip().startswith("#") and line.rstrip("\r\n").endswith("\\")


EDITOR = ManifestEditor(
    name=requirements_txt.READER.name,
    matches=requirements_txt.READER.matches,
    add=_add,
    remove=_remove,
    names=_names,
)
