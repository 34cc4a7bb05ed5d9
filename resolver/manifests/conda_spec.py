"""One conda spec, a MatchSpec in any of the spellings people use, as a ``CondaSpec`` (CEP 29).

name · name=1.2 · name==1.2 · name 1.2 · name >=1,<2 · name=1.2=build · name >=1 build
channel::name · channel/subdir::name · name[version='>=1',build='x*']
"""

from __future__ import annotations

import re

from resolver.errors import ManifestError
from resolver.manifests.version_spec import MalformedSpec, normalise_version_spec
from resolver.model import MAIN, CondaSpec, Origin
from resolver.platforms import SUBDIRS
from resolver.settings.places import NOARCH, channel_problem, nearest, secret_problem, split_channel
from resolver.values import dataclass, field

__all__ = ["parse_conda_spec"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PACKAGE_FILE = re.compile(r"\.(?:conda|tar\.bz2)(?:#\S*)?\Z")
_BRACKET = re.compile(r"\[([^\[\]]*)\]\s*")
_PAIR = re.compile(
    r"""\s*(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^,'"]*))\s*(?:,|\Z)"""
)
_OPERATOR_SPACE = re.compile(r"(?<=[=<>!~,|(])\s+|\s+(?=[,|)])")
_VERSION_AND_BUILD = re.compile(r"(?P<version>.*[^=!<>~,|(])=(?P<build>[^=!<>~,|()]*)\Z")
_BUILD = re.compile(r"(?:[A-Za-z0-9_.+*-]+|\^[^\s'\"]*\$)\Z")
_BUILD_NUMBER = re.compile(r"(?:==|=|!=|<=|>=|<|>)?\s*[0-9]+\Z", re.ASCII)
_HEX = {"md5": re.compile(r"[0-9a-f]{32}\Z"), "sha256": re.compile(r"[0-9a-f]{64}\Z")}
_KEYS = ("version", "build", "build_number", "channel", "subdir", "md5", "sha256")
_KEYS_OF_RECORDS = (
    "extras",
    "features",
    "flags",
    "fn",
    "license",
    "namespace",
    "track_features",
    "url",
    "when",
)
"""Bracket keys that MatchSpec knows and a manifest cannot use here: nothing in a lock answers to them."""


@dataclass(slots=True)
class _Fields:
    """The fields of a spec as they are found, each once."""

    found: dict[str, str] = field(default_factory=dict)

    def set(self, key: str, value: str) -> None:
        if key in self.found:
            raise MalformedSpec(f"the {key.replace('_', ' ')} is given twice")
        self.found[key] = value


def parse_conda_spec(
    text: str, *, origin: Origin, group: str = MAIN, platforms: tuple[str, ...] | None = None
) -> CondaSpec:
    """The spec in ``text``. Raises ``ManifestError`` with ``origin`` for whatever has no single meaning."""
    problem = secret_problem(text)
    if problem:
        raise ManifestError(problem, origin=origin)
    try:
        name, fields = _parsed(text.strip())
    except MalformedSpec as error:
        raise ManifestError(f"not a conda spec: {text!r}: {error}", origin=origin, hint=_hint(text)) from error
    return CondaSpec(
        name=name.lower(),
        version=fields.get("version"),
        build=fields.get("build"),
        build_number=fields.get("build_number"),
        channel=fields.get("channel"),
        subdir=fields.get("subdir"),
        md5=fields.get("md5"),
        sha256=fields.get("sha256"),
        group=group,
        platforms=platforms,
        origin=origin,
    )


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    """The name and the fields, or ``MalformedSpec``."""
    fields = _Fields()
    head, _, brackets = text.partition("[")
    channel, separator, match = head.rpartition("::")
    if _PACKAGE_FILE.search(match):
        raise MalformedSpec("it is the address of a package file, which is not a request")
    if separator:
        _read_channel(channel, fields)
    name = _NAME.match(match.strip())
    if name is None:
        raise MalformedSpec("it does not begin with a package name")
    _read_version_and_build(match.strip()[name.end() :], fields)
    if brackets:
        _read_brackets(f"[{brackets}", fields)
    return name[0], fields.found


def _read_channel(text: str, fields: _Fields) -> None:
    channel, subdir = split_channel(text)
    problem = channel_problem(channel)
    if problem:
        raise MalformedSpec(problem)
    fields.set("channel", channel)
    if subdir is not None:
        fields.set("subdir", subdir)


def _read_version_and_build(rest: str, fields: _Fields) -> None:
    """What stands between the name and the brackets: nothing, a version, or a version and a build."""
    if not rest.strip():
        return
    if rest[0] not in " \t=<>!~(":
        raise MalformedSpec(f"{rest[0]!r} cannot follow a name")
    version, *others = _OPERATOR_SPACE.sub("", rest.strip()).split()
    joined = _VERSION_AND_BUILD.match(version)
    if joined:
        version, others = joined["version"], [joined["build"], *others]
    if len(others) > 1:
        raise MalformedSpec("more than a version and a build follow the name")
    _set_version(version, fields, exact=bool(others) and not any(c in version for c in ",|"))
    if others:
        _set_build(others[0], fields)


def _read_brackets(text: str, fields: _Fields) -> None:
    position = 0
    while position < len(text):
        bracket = _BRACKET.match(text, position)
        if bracket is None:
            raise MalformedSpec("the brackets are not closed, or something follows them")
        for key, value in _pairs(bracket[1]):
            _set_bracket_key(key, value, fields)
        position = bracket.end()


def _pairs(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    while text[position:].strip():
        pair = _PAIR.match(text, position)
        if pair is None:
            raise MalformedSpec(f"expected key='value' in the brackets, got {text[position:].strip()!r}")
        value = next(v for v in (pair["double"], pair["single"], pair["bare"]) if v is not None)
        found.append((pair["key"], value.strip()))
        position = pair.end()
    return found


def _set_bracket_key(key: str, value: str, fields: _Fields) -> None:
    if key in _KEYS_OF_RECORDS:
        raise MalformedSpec(f"{key!r} cannot be asked for here")
    if key not in _KEYS:
        raise MalformedSpec(f"unknown key {key!r}; {nearest(key, _KEYS) or 'known are ' + ', '.join(_KEYS)}")
    if key == "version":
        _set_version(value, fields)
    elif key == "build":
        _set_build(value, fields)
    elif key == "channel":
        _read_channel(value, fields)
    else:
        _set_checked(key, value, fields)


def _set_checked(key: str, value: str, fields: _Fields) -> None:
    if key in _HEX:
        value = value.lower()
        good = bool(_HEX[key].match(value))
    elif key == "subdir":
        good = value in (*SUBDIRS, NOARCH)
    else:
        value = "".join(value.split())
        good = bool(_BUILD_NUMBER.match(value))
    if not good:
        raise MalformedSpec(f"not a {key.replace('_', ' ')}: {value!r}")
    fields.set(key, value)


def _set_version(text: str, fields: _Fields, *, exact: bool = False) -> None:
    version = normalise_version_spec(text, exact=exact)
    if version is not None:
        fields.set("version", version)


def _set_build(text: str, fields: _Fields) -> None:
    if not _BUILD.match(text):
        raise MalformedSpec(f"not a build: {text!r}" if text else "the build is missing")
    if text != "*":
        fields.set("build", text)


def _hint(text: str) -> str | None:
    if _PACKAGE_FILE.search(text):
        return "write channel::name=version=build"
    if re.search(r"\d\s+[<>!=]", text):
        return "join several bounds with a comma: 'numpy >=1.26,<2'"
    if "@" in text or "git+" in text:
        return "a Python package from a URL goes into the 'pip:' section"
    return None
