"""What of an earlier lock is held when it is made anew, and what is let go: ``NAME`` or ``NAME==VERSION``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from resolver.errors import SettingsError
from resolver.model import EnvironmentSpec, Lock, Origin, PlatformLock, PypiRequirement
from resolver.names import NamesMap, normalize
from resolver.platforms import Platform
from resolver.values import dataclass, replace

__all__ = ["Held", "held_of"]

_UPGRADE = re.compile(r"(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:==(?P<version>[A-Za-z0-9._+!]+))?\Z")
_ORIGIN = Origin(source="--upgrade-package")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """``pins`` are the platforms of the lock without what is let go. A version that was named limits this one run:
    ``limits`` are MatchSpecs, ``constraints`` those on projects. ``changed_virtual`` names for each platform the
    virtual packages that are not as they were."""

    pins: tuple[PlatformLock, ...] = ()
    limits: tuple[str, ...] = ()
    constraints: tuple[PypiRequirement, ...] = ()
    changed_virtual: tuple[tuple[str, frozenset[str]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The names that the lock and the manifest have, in each world."""

    conda: frozenset[str]
    pypi: frozenset[str]


def held_of(
    previous: Lock | None,
    upgrades: Sequence[str],
    spec: EnvironmentSpec,
    names: NamesMap,
    platforms: Sequence[Platform] = (),
) -> Held:
    """Raises ``SettingsError`` for an upgrade of another form, and for a name that is nowhere."""
    held = Held(pins=previous.platforms if previous is not None else (), changed_virtual=_changed(previous, platforms))
    known = _known(held.pins, spec)
    for text in upgrades:
        match = _UPGRADE.match(text.strip())
        if match is None:
            raise SettingsError(
                f"--upgrade-package {text}: not of the form NAME or NAME==VERSION", hint="write numpy, or numpy==2.1.3"
            )
        conda, project = _meant(match["name"], known, names, previous)
        held = _without(held, conda, project)
        if match["version"] is not None:
            held = _limited(held, conda, project, match["version"])
    return held


def _changed(previous: Lock | None, platforms: Sequence[Platform]) -> tuple[tuple[str, frozenset[str]], ...]:
    if previous is None or previous.evidence is None:
        return ()
    then = dict(previous.evidence.virtual_packages)
    return tuple(
        (p.subdir, frozenset(package.name for package in set(p.virtual_packages) ^ set(then[p.subdir])))
        for p in platforms
        if p.subdir in then
    )


def _known(pins: Sequence[PlatformLock], spec: EnvironmentSpec) -> _Known:
    packages = [package for platform in pins for package in platform.packages]
    return _Known(
        conda=frozenset({p.name for p in packages if p.kind == "conda"} | {s.name for s in spec.conda}),
        pypi=frozenset({p.name for p in packages if p.kind != "conda"} | {r.name for r in spec.pip}),
    )


def _meant(name: str, known: _Known, names: NamesMap, previous: Lock | None) -> tuple[tuple[str, ...], str | None]:
    """The conda packages and the project of that name: its own, else those that provide a project of it."""
    own, project = name.lower(), normalize(name)
    conda = (own,) if own in known.conda else tuple(sorted(known.conda.intersection(names.conda_names(project))))
    if conda or project in known.pypi:
        return conda, project if project in known.pypi else None
    if previous is None:
        return (own,), project  # nothing is locked yet: what will be needed is not known
    import difflib

    near = difflib.get_close_matches(own, sorted(known.conda | known.pypi), n=1)
    raise SettingsError(
        f"--upgrade-package {name}: neither the lock nor the manifest has a package of that name",
        hint=f"did you mean {near[0]}?" if near else "`samebox tree` lists what is locked",
    )


def _without(held: Held, conda: tuple[str, ...], project: str | None) -> Held:
    pins = tuple(
        replace(
            platform,
            packages=tuple(p for p in platform.packages if p.name not in (conda if p.kind == "conda" else (project,))),
        )
        for platform in held.pins
    )
    return replace(held, pins=pins)


def _limited(held: Held, conda: tuple[str, ...], project: str | None, version: str) -> Held:
    limits = tuple(f"{name}[version='=={version}']" for name in conda)
    constraints: tuple[PypiRequirement, ...] = ()
    if project is not None:
        from packaging.version import InvalidVersion, Version

        try:
            Version(version)
        except InvalidVersion as error:
            raise SettingsError(f"--upgrade-package {project}=={version}: not a version (PEP 440)") from error
        constraints = (PypiRequirement(name=project, specifier=f"=={version}", origin=_ORIGIN),)
    return replace(held, limits=(*held.limits, *limits), constraints=(*held.constraints, *constraints))
