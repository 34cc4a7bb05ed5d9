"""Platforms as PEP 508 markers: what tells one subdir from the others, for formats of the Python world."""

from __future__ import annotations

from collections.abc import Iterable

from resolver.errors import ResolverError
from resolver.platforms import SUBDIRS, Platform, PythonTarget

__all__ = ["has_marker", "marker_among", "platform_marker"]

_ANY_PYTHON = PythonTarget(version="3.13")
"""Neither variable depends on the Python."""


def has_marker(subdir: str) -> bool:
    return subdir in SUBDIRS


def platform_marker(subdir: str) -> str:
    """``sys_platform == 'linux' and platform_machine == 'x86_64'``. Raises ``ResolverError`` for a subdir that is not
    known."""
    system, machine = _variables(subdir)
    return f"sys_platform == '{system}' and platform_machine == '{machine}'"


def marker_among(subdirs: Iterable[str], known: Iterable[str]) -> str | None:
    """What holds on ``subdirs`` and on none of the other ``known``; ``None`` where these are all. A system of which all
    known platforms are meant needs no machines."""
    wanted, others = set(subdirs), set(known)
    if wanted >= others:
        return None
    machines: dict[str, list[str]] = {}
    for subdir in sorted(wanted):
        system, machine = _variables(subdir)
        machines.setdefault(system, []).append(machine)
    whole = {system for system in machines if all(s in wanted for s in others if _variables(s)[0] == system)}
    terms = []
    for system, found in sorted(machines.items()):
        plain = f"sys_platform == '{system}'"
        terms += [plain] if system in whole else [f"{plain} and platform_machine == '{m}'" for m in found]
    return " or ".join(f"({term})" if " and " in term and len(terms) > 1 else term for term in terms)


def _variables(subdir: str) -> tuple[str, str]:
    if not has_marker(subdir):
        raise ResolverError(f"no marker tells {subdir!r} from other platforms", hint=f"known are {', '.join(SUBDIRS)}")
    markers = Platform.of(subdir).markers(_ANY_PYTHON)
    return markers["sys_platform"], markers["platform_machine"]
