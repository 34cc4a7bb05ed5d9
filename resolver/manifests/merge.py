"""Several manifests as one environment."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from resolver.errors import ManifestError
from resolver.model import EnvironmentSpec, IndexOptions

__all__ = ["merge"]


def merge(specs: Sequence[EnvironmentSpec], *, platforms: tuple[str, ...] | None = None) -> EnvironmentSpec:
    """The environment that all of ``specs`` declare together.

    Requests are joined and none is dropped. The name is the first that is given. Channels keep the order that
    each manifest gives them. ``platforms``, where given, stand in for those of the manifests. Raises
    ``ManifestError``, naming both manifests, where two contradict each other: in the order of channels, the set
    of platforms, an index, a variable, or wheels required and forbidden for one project.
    """
    return EnvironmentSpec(
        name=next((spec.name for spec in specs if spec.name), None),
        channels=_channels(specs),
        platforms=_platforms(specs) if platforms is None else platforms,
        conda=tuple(request for spec in specs for request in spec.conda),
        pip=tuple(request for spec in specs for request in spec.pip),
        constraints=tuple(request for spec in specs for request in spec.constraints),
        index=_index(specs),
        variables=_variables(specs),
        requires_python=_requires_python(specs),
        sources=tuple(source for spec in specs for source in spec.sources),
    )


def _channels(specs: Sequence[EnvironmentSpec]) -> tuple[str, ...]:
    """The channels of all, each list in its own order; among those that nothing orders, the first named first.

    The order decides what is installed (strict channel priority), so a contradiction has no answer.
    """
    waiting = list(dict.fromkeys(channel for spec in specs for channel in spec.channels))
    before = {later: {earlier for spec in specs for earlier in _ahead_of(later, spec)} for later in waiting}
    ordered: list[str] = []
    while waiting:
        free = next((channel for channel in waiting if before[channel].issubset(ordered)), None)
        if free is None:
            raise _contradictory_channels(specs, waiting)
        ordered.append(free)
        waiting.remove(free)
    return tuple(ordered)


def _ahead_of(channel: str, spec: EnvironmentSpec) -> tuple[str, ...]:
    return spec.channels[: spec.channels.index(channel)] if channel in spec.channels else ()


def _contradictory_channels(specs: Sequence[EnvironmentSpec], circle: list[str]) -> ManifestError:
    hint = "give the channels one order in all files"
    for one, other in itertools.combinations(specs, 2):
        shared = [channel for channel in one.channels if channel in other.channels]
        if shared != sorted(shared, key=other.channels.index):
            first = " before ".join(shared)
            return ManifestError(
                f"{_where(one)} has the channels {first}, {_where(other)} has another order", hint=hint
            )
    involved = [_where(spec) for spec in specs if len(set(spec.channels) & set(circle)) > 1]
    return ManifestError(f"the orders of the channels in {', '.join(involved)} contradict each other", hint=hint)


def _platforms(specs: Sequence[EnvironmentSpec]) -> tuple[str, ...]:
    said = [spec for spec in specs if spec.platforms]
    for other in said[1:]:
        if set(other.platforms) != set(said[0].platforms):
            raise ManifestError(
                f"{_where(said[0])} is for {', '.join(said[0].platforms)}, "
                f"{_where(other)} for {', '.join(other.platforms)}",
                hint="list the same platforms in both, in one of them only, or by -p",
            )
    return said[0].platforms if said else ()


def _index(specs: Sequence[EnvironmentSpec]) -> IndexOptions:
    said = [spec for spec in specs if spec.index.index_url]
    for other in said[1:]:
        if other.index.index_url != said[0].index.index_url:
            raise ManifestError(
                f"{_where(said[0])} and {_where(other)} name different index URLs",
                hint="keep one, and make the other an extra index",
            )
    _refuse_contradictory_formats(specs)
    options = [spec.index for spec in specs]
    return IndexOptions(
        index_url=said[0].index.index_url if said else None,
        extra_index_urls=_union([option.extra_index_urls for option in options]),
        find_links=_union([option.find_links for option in options]),
        only_binary=tuple(sorted(_union([option.only_binary for option in options]))),
        no_binary=tuple(sorted(_union([option.no_binary for option in options]))),
        pre=any(option.pre for option in options),
    )


def _refuse_contradictory_formats(specs: Sequence[EnvironmentSpec]) -> None:
    for one, other in itertools.permutations(specs, 2):
        both = set(one.index.only_binary) & set(other.index.no_binary)
        if both:
            raise ManifestError(
                f"{_where(one)} takes only wheels of {min(both)}, {_where(other)} takes none",
                hint="take one of the two options out",
            )


def _union(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))


def _variables(specs: Sequence[EnvironmentSpec]) -> tuple[tuple[str, str], ...]:
    found: dict[str, tuple[str, EnvironmentSpec]] = {}
    for spec in specs:
        for name, value in spec.variables:
            before, first = found.setdefault(name, (value, spec))
            if before != value:
                raise ManifestError(
                    f"the variable {name} has two values, one in {_where(first)} and one in {_where(spec)}",
                    hint="keep one of them",
                )
    return tuple(sorted((name, value) for name, (value, _) in found.items()))


def _requires_python(specs: Sequence[EnvironmentSpec]) -> str | None:
    clauses = {clause for spec in specs if spec.requires_python for clause in spec.requires_python.split(",")}
    return ",".join(sorted(clauses)) or None


def _where(spec: EnvironmentSpec) -> str:
    return ", ".join(spec.sources) or "<text>"
