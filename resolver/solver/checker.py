"""An independent look at an answer, whichever engine gave it: from the definitions, slowly, sharing no state with them.

It asks ``packaging`` for each requirement and py-rattler's matcher for each conda dependency, and knows nothing of
ranks, masks and encodings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from resolver.conda import CondaRecord, record_matches
from resolver.indexes import CoreMetadata
from resolver.model import CondaSpec, PypiRequirement
from resolver.platforms import Platform
from resolver.solver.requirements import gate_of, parse_marker, parse_requirement
from resolver.values import dataclass, field

__all__ = ["Answer", "violations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in the plainest form: ``wheels`` maps each project to the metadata of its chosen wheel, ``owned``
    each project that conda provides to its version; ``overrides`` stand in for what packages need of their project."""

    platform: Platform
    environment: Mapping[str, str]
    records: tuple[CondaRecord, ...]
    wheels: Mapping[str, CoreMetadata]
    owned: Mapping[str, Version]
    owned_extras: Mapping[str, CoreMetadata]
    overrides: Mapping[str, tuple[PypiRequirement, ...]] = field(default_factory=dict)


def violations(
    answer: Answer,
    *,
    specs: Iterable[CondaSpec],
    requirements: Iterable[PypiRequirement],
    constraints: Iterable[PypiRequirement],
) -> list[str]:
    """What is wrong with the answer, in words; nothing if it is right."""
    return [
        *_conda(answer, specs),
        *_twice(answer),
        *_roots(answer, requirements),
        *_limits(answer, constraints),
        *_pythons(answer),
    ]


def _conda(answer: Answer, specs: Iterable[CondaSpec]) -> Iterator[str]:
    by_name = {record.name: record for record in answer.records}
    virtual = {p.name for p in answer.platform.virtual_packages}
    for spec in specs:
        if spec.name not in by_name and spec.name not in virtual:
            yield f"{spec} is asked for and not chosen"
        elif spec.name in by_name and not record_matches(str(spec), by_name[spec.name]):
            yield f"{spec} is asked for, and {by_name[spec.name].version} was chosen"
    for record in answer.records:
        for depend in record.depends:
            name = depend.split()[0].split("[")[0]
            if name.startswith("__"):
                continue  # of virtual packages the platform has one version each: the solver alone compares them
            if name not in by_name or not record_matches(depend, by_name[name]):
                yield f"{record.name} {record.version} depends on {depend}, which was not chosen"
        for constraint in record.constrains:
            name = constraint.split()[0].split("[")[0]
            if name in by_name and not record_matches(constraint, by_name[name]):
                yield f"{record.name} {record.version} constrains {constraint}"


def _twice(answer: Answer) -> Iterator[str]:
    for project in sorted(set(answer.wheels) & set(answer.owned)):
        yield f"{project} was chosen from PyPI and is in a conda package"


def _roots(answer: Answer, requirements: Iterable[PypiRequirement]) -> Iterator[str]:
    waiting = []
    for requirement in requirements:
        if requirement.marker is None or Marker(requirement.marker).evaluate({**answer.environment, "extra": ""}):
            waiting.append((requirement.name, requirement.specifier, tuple(requirement.extras), "the manifest"))
    seen = set()
    while waiting:
        name, specifier, extras, who = waiting.pop()
        version = _version(answer, name)
        if version is None:
            yield f"{who} needs {name}, which was not chosen"
        elif not SpecifierSet(specifier).contains(version, prereleases=True):
            yield f"{who} needs {name}{specifier}, and {version} was chosen"
        for extra in ("", *extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting.extend(_needs(answer, name, extra))


def _needs(answer: Answer, name: str, extra: str) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    metadata = answer.wheels.get(name) or (answer.owned_extras.get(name) if extra else None)
    is_condas = name not in answer.wheels  # then what is needed without the extra is conda's affair
    for text in metadata.requires_dist if metadata else ():
        if gate_of(text) not in (None, extra):
            continue
        parsed = parse_requirement(text)
        if is_condas and _applies(answer, parsed.marker, ""):
            continue
        if _applies(answer, parsed.marker, extra):
            need = parsed.dependency
            yield from _overridden(answer, need.name, need.specifier, need.extras, name)


def _applies(answer: Answer, marker: str | None, extra: str) -> bool:
    return marker is None or parse_marker(marker).evaluate({**answer.environment, "extra": extra})


def _overridden(
    answer: Answer, needed: str, specifier: str, extras: tuple[str, ...], who: str
) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    if needed not in answer.overrides:
        yield needed, specifier, extras, who
    for override in answer.overrides.get(needed, ()):
        if override.marker is None or Marker(override.marker).evaluate({**answer.environment, "extra": ""}):
            yield needed, override.specifier, (*extras, *override.extras), who


def _limits(answer: Answer, constraints: Iterable[PypiRequirement]) -> Iterator[str]:
    for constraint in constraints:
        version = _version(answer, constraint.name)
        applies = constraint.marker is None or Marker(constraint.marker).evaluate({**answer.environment, "extra": ""})
        if (
            version is not None
            and applies
            and not SpecifierSet(constraint.specifier).contains(version, prereleases=True)
        ):
            yield f"{constraint} limits {constraint.name}, and {version} was chosen"


def _pythons(answer: Answer) -> Iterator[str]:
    python = answer.environment["python_full_version"]
    for name, metadata in sorted(answer.wheels.items()):
        if metadata.requires_python and not SpecifierSet(metadata.requires_python).contains(python, prereleases=True):
            yield f"{name} {metadata.version} needs Python {metadata.requires_python}"


def _version(answer: Answer, name: str) -> Version | None:
    if name in answer.owned:
        return answer.owned[name]
    metadata = answer.wheels.get(name)
    return Version(metadata.version) if metadata is not None else None
