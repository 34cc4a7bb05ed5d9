"""A lock as the text of a requirements file, in the layout of pip-compile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from packaging.utils import canonicalize_name

from resolver.locks.formats.platform_markers import marker_among
from resolver.locks.formats.pylock.targets import python_minors
from resolver.model import Lock, LockedPackage
from resolver.source_trees.git_url import GitReference
from resolver.values import dataclass

__all__ = ["text_of", "write"]

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_UNCHECKED = """\
# pip has no hash to check repositories and folders by, and refuses a file that has hashes for some lines only;
# uv takes it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    package: LockedPackage
    platforms: tuple[str, ...]


def write(lock: Lock) -> str:
    """The text of a requirements file: a header, and the pins by name."""
    pins = _pins(lock)
    requesters = _requesters(lock)
    subdirs = [platform.platform for platform in lock.platforms]
    parts = list(_header(lock, subdirs))
    if any(pin.package.sha256 is None for pin in pins):
        parts.append(_UNCHECKED)
    parts.append("#\n")
    for pin in pins:
        parts.append(text_of(pin.package, marker_among(pin.platforms, subdirs)))
        parts += _via(requesters.get(canonicalize_name(pin.package.name), ()))
    return "".join(parts)


def _header(lock: Lock, subdirs: list[str]) -> Iterator[str]:
    yield "#\n# This file is a lock: the exact packages of an environment, with their hashes.\n"
    yield "# `samebox lock` rewrites it from its sources, `samebox check` says whether it still satisfies them.\n#\n"
    yield f"# platform: {', '.join(subdirs)}".rstrip() + "\n"
    minors = python_minors(lock.evidence, subdirs)
    if len(set(minors.values())) == 1 and len(minors) == len(subdirs):
        yield f"# python: {minors[subdirs[0]]}\n"


def _pins(lock: Lock) -> list[_Pin]:
    """What is the same on several platforms is one pin."""
    found: dict[tuple[str, str, str], dict[str, LockedPackage]] = {}
    for platform in lock.platforms:
        for package in platform.packages:
            name = str(canonicalize_name(package.name))
            said = text_of(package)
            found.setdefault((name, package.version, said), {})[platform.platform] = package
    pins = [(name, _Pin(package=next(iter(on.values())), platforms=tuple(on))) for (name, _, _), on in found.items()]
    return [pin for _, pin in sorted(pins, key=lambda item: (item[0], item[1].platforms))]


def text_of(package: LockedPackage, marker: str | None = None) -> str:
    """The lines of one package, without what it is there for."""
    hashes = [package.sha256] if package.sha256 is not None else []
    said = f"{_requirement(package)} ; {marker}" if marker else _requirement(package)
    lines = [said, *(f"--hash=sha256:{value}" for value in hashes)]
    text = " \\\n    ".join(lines) + "\n"
    if package.kind != "pypi" and package.version:
        text += f"    # version {package.version}\n"
    return f"{text}    # tree {package.tree}\n" if package.tree is not None else text


def _requirement(package: LockedPackage) -> str:
    match package.kind:
        case "pypi":
            return f"{package.name}=={package.version}"
        case "vcs":
            reference = GitReference(location=package.url.removeprefix("git+"), subdirectory=package.subdirectory)
            return f"{package.name} @ {reference.at(package.commit or '')}"
    inside = f"#subdirectory={quote(package.subdirectory)}" if package.subdirectory else ""
    return f"{package.name} @ {package.url}{inside}"


def _requesters(lock: Lock) -> Mapping[str, set[str]]:
    """Project → what needs it: packages by name, and the files that ask for it."""
    found: dict[str, set[str]] = {}
    for platform in lock.platforms:
        for package in platform.packages:
            for name, _ in package.dependencies:
                found.setdefault(canonicalize_name(name), set()).add(str(canonicalize_name(package.name)))
    for _, roots in lock.evidence.roots if lock.evidence else ():
        for root in roots:
            asked = _NAME.match(root.requirement)
            origin = root.origin.rpartition(":")[0] if re.search(r":\d+\Z", root.origin) else root.origin
            if root.kind == "pypi" and asked and origin and origin.isprintable():
                found.setdefault(canonicalize_name(asked[1]), set()).add(_option(origin))
    return found


def _option(origin: str) -> str:
    return f"-r {origin}" if origin.endswith((".in", ".txt")) else origin


def _via(requesters: Iterable[str]) -> Iterator[str]:
    """pip-compile's comment: on one line where there is one."""
    names = sorted(requesters)
    if len(names) == 1:
        yield f"    # via {names[0]}\n"
    elif names:
        yield "    # via\n"
        yield from (f"    #   {name}\n" for name in names)
