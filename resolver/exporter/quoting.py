"""What may be written into a Dockerfile, and how.

Whatever comes from a manifest or a setting passes through here, so that a value can never become an instruction.
Syntax: the Dockerfile reference, "Environment replacement" and "Escape"; the same in Docker, BuildKit and buildah.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from resolver.errors import BuildError, SettingsError
from resolver.values import dataclass

__all__ = [
    "ImageUser",
    "absolute_path",
    "exec_form",
    "image_reference",
    "image_user",
    "key_values",
    "label_key",
    "quoted",
    "unique",
    "variable",
]

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*\Z")
_PATH = re.compile(r"(/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?\Z")
_USER_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
_USER_IDS = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?\Z")
_DEFAULT_NAME = "samebox"
_DEFAULT_ID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUser:
    """Who the image runs as. ``uid`` is never 0; ``gid`` may be (some platforms demand the root group)."""

    name: str
    uid: int
    gid: int


def image_user(text: str) -> ImageUser:
    """``NAME`` (uid and gid 1000), ``UID`` or ``UID:GID`` (named samebox). Root is refused."""
    ids = _USER_IDS.match(text)
    if ids:
        uid = int(ids[1])
        user = ImageUser(name=_DEFAULT_NAME, uid=uid, gid=int(ids[2]) if ids[2] else uid)
    elif _USER_NAME.match(text):
        user = ImageUser(name=text, uid=_DEFAULT_ID, gid=_DEFAULT_ID)
    else:
        raise SettingsError(f"not a user: {text!r}", field="docker.user", hint="write NAME, UID or UID:GID")
    if user.uid == 0 or user.name == "root":
        raise SettingsError(
            "an image does not run as root", field="docker.user", hint="name a user, or give a uid above 0"
        )
    return user


def image_reference(text: str, *, field: str) -> str:
    """``[REGISTRY/]NAME[:TAG][@DIGEST]``, checked so far that it stays one word of a ``FROM``."""
    if not _IMAGE.match(text):
        raise SettingsError(f"not an image: {text!r}", field=field, hint="write [REGISTRY/]NAME[:TAG][@sha256:…]")
    return text


def absolute_path(text: str, *, field: str) -> str:
    """An absolute path of plain words below ``/``."""
    if not _PATH.match(text):
        raise SettingsError(
            f"not an absolute path of letters, digits and . _ + -: {text!r}", field=field, hint="e.g. /opt/env"
        )
    return text


def variable(name: str, value: str) -> str:
    """``NAME="value"`` for ``ENV``; the value is literal, nothing in it is replaced."""
    if not _VARIABLE.match(name):
        raise SettingsError(f"not the name of an environment variable: {name!r}", field="variables")
    return f"{name}={quoted(value, field=f'variables.{name}')}"


def label_key(key: str) -> str:
    """A label's key: letters, digits and ``. _ / -``. Those that we write ourselves cannot be given."""
    if not _LABEL.match(key):
        raise SettingsError(f"not a label: {key!r}", field="docker.labels", hint="e.g. org.opencontainers.image.url")
    if key.startswith("io.samebox."):
        raise SettingsError(f"{key} is written by samebox alone", field="docker.labels", hint="use another name")
    return key


def quoted(value: str, *, field: str) -> str:
    """``value`` in double quotes, meaning exactly itself. Control characters are refused: a Dockerfile has no way
    to write a line break inside a value."""
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise SettingsError(
            f"a line break or control character in {value!r}",
            field=field,
            hint="a Dockerfile cannot hold it; set the value when the container starts",
        )
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def exec_form(words: Iterable[str]) -> str:
    """The JSON form of ``CMD``: no shell reads it, and nothing in it is replaced."""
    return json.dumps(list(words), ensure_ascii=False)


def key_values(instruction: str, pairs: Iterable[str]) -> str:
    """One instruction over several lines, one ``key=value`` a line."""
    indent = " " * (len(instruction) + 1)
    return f"{instruction} " + f" \\\n{indent}".join(pairs) + "\n"


def unique(pairs: Iterable[tuple[str, str]], what: str) -> tuple[tuple[str, str], ...]:
    """Sorted. Raises ``BuildError`` for a name that is given twice; ``what`` says of what it is the name."""
    ordered = tuple(sorted(pairs))
    names = [name for name, _ in ordered]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BuildError(f"{what} {', '.join(twice)} is given twice")
    return ordered
