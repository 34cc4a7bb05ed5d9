"""A base that the user writes as a Dockerfile: checked so far that Samebox's own steps can follow it in the same file.

It stands at the head of the file as it was written; only its last stage gets a name, if it has none. It cannot read the
build context, which is Samebox's own and holds nothing of the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from resolver.errors import SettingsError
from resolver.exporter.docker.dockerfile_text import Instruction, directives, instructions
from resolver.values import dataclass

__all__ = ["BaseDockerfile", "free_name", "read_base_dockerfile"]

_FIELD = "docker.base-dockerfile"
_REMOTE = re.compile(r"(?:https?|ftp|git|ssh)://|git@|[0-9]*<<")
"""What ``ADD`` and ``COPY`` take from elsewhere than the context: a URL, or a here-document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseDockerfile:
    """``text`` ends with a line break; ``stage`` is the name of its last stage, ``names`` are those of all."""

    text: str
    stage: str
    names: frozenset[str]


def read_base_dockerfile(text: str) -> BaseDockerfile:
    """Raises ``SettingsError`` with the line for what cannot stand there."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n").split("\n")
    _refuse_escape(lines)
    found = list(instructions(lines, field=_FIELD))
    stages = [instruction for instruction in found if instruction.name == "FROM"]
    if not stages:
        raise SettingsError("there is no FROM in it", field=_FIELD, hint="begin with FROM IMAGE")
    for instruction in found:
        if instruction.first < stages[0].first and instruction.name != "ARG":
            raise _error(instruction, "stands before the first FROM", hint="only ARG may")
        _refuse_context(instruction)
    names = frozenset(name.lower() for name in map(_name_of, stages) if name)
    last = stages[-1]
    stage = _name_of(last) or free_name("base", names)
    lines[last.first : last.end] = [" ".join(("FROM", *last.flags, last.words[0], "AS", stage))]
    return BaseDockerfile(text="\n".join(lines) + "\n", stage=stage, names=names | {stage.lower()})


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, or the like if a stage is called so already."""
    while name in taken:
        name = f"samebox-{name}"
    return name


def _refuse_escape(lines: list[str]) -> None:
    if dict(directives(lines)).get("escape", "\\") != "\\":
        raise SettingsError(
            "line 1: an escape directive would hold for the lines of Samebox as well",
            field=_FIELD,
            hint="leave it out, and continue lines with a backslash",
        )


def _name_of(stage: Instruction) -> str:
    """The name of a ``FROM``, or ``""``."""
    words = stage.words
    if len(words) == 1:
        return ""
    if len(words) != 3 or words[1].upper() != "AS":
        raise _error(stage, "is not of the form FROM [--platform=PLATFORM] IMAGE [AS NAME]")
    return words[2]


def _refuse_context(instruction: Instruction) -> None:
    """Refuse what would find Samebox's build context, and not the user's files."""
    if instruction.name == "ONBUILD":
        _refuse_context(instruction.inner())
    elif instruction.name in ("ADD", "COPY"):
        elsewhere = any(re.match(r"--from=[\"']?[^\"']", flag) for flag in instruction.flags)
        sources = instruction.words[:-1]
        if not elsewhere and not (sources and all(_REMOTE.match(source) for source in sources)):
            raise _error(
                instruction,
                "would read the build context, which holds nothing but what Samebox puts there",
                hint="copy from an image (COPY --from=IMAGE), or make the base an image of its own and name it in "
                "docker.base-image",
            )
    elif instruction.name == "RUN":
        for flag in instruction.flags:
            _refuse_bind_mount(instruction, flag)


def _refuse_bind_mount(instruction: Instruction, flag: str) -> None:
    option, _, value = flag.partition("=")
    if option != "--mount":
        return
    fields = dict(part.strip("\"'").partition("=")[::2] for part in value.lower().split(","))
    if fields.get("type", "bind") == "bind" and not fields.get("from"):
        raise _error(
            instruction, "would mount the build context, which is Samebox's own", hint="mount an image: from=IMAGE"
        )


def _error(instruction: Instruction, problem: str, *, hint: str | None = None) -> SettingsError:
    return SettingsError(f"line {instruction.first + 1}: {instruction.name} {problem}", field=_FIELD, hint=hint)
