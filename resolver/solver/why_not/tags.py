"""Which wheels there are, in the words of their tags (PEP 425, PEP 600), where none of them is for a target."""

from __future__ import annotations

import re
from collections.abc import Sequence

from resolver.solver.targets import Target

__all__ = ["tags_that_miss"]

_MOST_TAGS = 4
_FAMILY = re.compile(r"(?P<kind>manylinux|musllinux|macosx)\d*(?:_\d+_\d+)?(?P<arch>_.+)")


def tags_that_miss(target: Target, wheels: Sequence[str]) -> str:
    """What the wheels (``cp312-cp312-win_amd64``) are for, and what the target is instead: the interpreters, where
    some are for its platform, else the platforms."""
    ours = {tag.rpartition("-")[2] for tag in target.tags}
    here = [tags for tags in wheels if not ours.isdisjoint(_platforms(tags))]
    machine = target.environment["platform_machine"].lower()
    if here:
        labels = {label for tags in here for label in _interpreters(tags)}
        pythons = sorted({label for label in labels if label.startswith("cp")} or labels, key=_natural)
        return f"wheels for {_listed(pythons)} only, not {_own_label(target)}"
    platforms = {platform for tags in wheels for platform in _platforms(tags)}
    near = {name for name in platforms if _system(name) == target.platform.system and name.endswith(f"_{machine}")}
    if near:
        return f"wheels for {_listed(sorted(near, key=_natural))} only, and {_own_system(target)}"
    return f"wheels for {_listed(sorted(set(map(_family, platforms)), key=_natural))} only"


def _platforms(tags: str) -> list[str]:
    return tags.rpartition("-")[2].split(".")


def _interpreters(tags: str) -> list[str]:
    """The ABI says more than the interpreter where it is CPython's own (``cp313t``); ``cp36m`` is what cp36 has."""
    pythons, abis, _ = tags.split("-")
    named = [abi.rstrip("mu") for abi in abis.split(".") if abi.startswith("cp")]
    return named or pythons.split(".")


def _own_label(target: Target) -> str:
    return f"cp{target.python.minor.replace('.', '')}{'t' if target.python.free_threaded else ''}"


def _own_system(target: Target) -> str:
    platform = target.platform
    for package, system in (("__glibc", "glibc"), ("__osx", "macOS")):
        version = platform.virtual_version(package)
        if version is not None:
            return f"{platform.subdir} has {system} {version}"
    return f"this is {platform.subdir}"


def _system(platform: str) -> str:
    kind = platform.partition("_")[0].rstrip("0123456789")
    return {"macosx": "osx", "win": "win", "linux": "linux", "manylinux": "linux", "musllinux": "linux"}.get(kind, "")


def _family(platform: str) -> str:
    """The tag without the version of a system."""
    found = _FAMILY.fullmatch(platform)
    return platform if found is None else f"{found['kind']}{found['arch']}"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _MOST_TAGS:
        return ", ".join(names)
    return f"{names[0]} … {names[-1]}" if names[0].startswith("cp") else f"{', '.join(names[:_MOST_TAGS])}, …"


def _natural(text: str) -> list[tuple[int, str]]:
    """cp39 before cp310."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text.replace("_", " "))]
