"""Records that are kept out of sight: ``repodata-filters`` of the settings, each a MatchSpec.

To the solver a filtered record is not there at all, so that under strict priority a later channel may serve a name of
which the first has nothing left. py-rattler knows no filter: the records within reach are written out once more without
those, and read as repodata. For 8000 records that costs a twentieth of a second, and only where filters are set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rattler import MatchSpec, NamelessMatchSpec, PackageRecord, RepoDataRecord
from rattler.exceptions import GatewayError, InvalidMatchSpecError
from rattler.package import BuildString

from resolver.conda.channels import Channels, Source
from resolver.conda.problems import CondaProblem
from resolver.conda.rewritten import rewritten
from resolver.errors import SettingsError
from resolver.model import LockedPackage, Origin
from resolver.values import dataclass

__all__ = ["RecordFilter", "filtered_sources", "left_out", "read_filters", "record_filter", "visible"]

_KEPT_IN_LOCKS = frozenset({"version", "build", "channel", "subdir", "md5", "sha256", "fn", "url"})
"""The fields of a MatchSpec that a locked package answers."""

_FIELD = re.compile(r"(?P<key>\w+)=(?P<value>\"[^\"]*\"|'[^']*'|[^,\]]*)")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """One filter, as it was written and as it is compared. ``in_locks`` is the part of it that a lock can answer: the
    filter itself where that is all of it."""

    text: str
    spec: MatchSpec
    in_locks: MatchSpec

    def hides(self, record: RepoDataRecord) -> bool:
        return self.spec.matches(record) and _is_there(self.spec, record.channel or "", record.subdir)

    def hides_locked(self, package: LockedPackage) -> bool | None:
        """Whether a locked conda package is one of these; ``None`` where the lock does not keep what would tell."""
        record = _as_record(package)
        if not self.in_locks.matches(record) or not _is_there(self.in_locks, record.channel or "", record.subdir):
            return False
        return True if self.in_locks is self.spec else None


def read_filters(filters: Iterable[str], source: str | None) -> tuple[RecordFilter, ...]:
    """Read all filters of the settings; ``source`` is their file. Raises ``SettingsError`` naming it."""
    origin = Origin(source=source) if source is not None else None
    return tuple(record_filter(text, origin) for text in filters)


@lru_cache(maxsize=256)
def record_filter(text: str, origin: Origin | None = None) -> RecordFilter:
    """Read a MatchSpec whose name may be a glob or a regular expression. Raises ``SettingsError``."""
    try:
        spec = MatchSpec(text, strict=True, exact_names_only=False)
        in_locks = MatchSpec(_told_by_locks(spec), strict=True, exact_names_only=False)
    except InvalidMatchSpecError as error:
        raise SettingsError(
            f"{text!r} is no MatchSpec: {error}",
            origin=origin,
            field="repodata-filters",
            hint="write 'numpy >=2', 'conda-forge::numpy', 'numpy[subdir=win-64]' or '*[license_family=GPL]'",
        ) from error
    is_all = all(key in _KEPT_IN_LOCKS for key, _ in _fields(spec))
    return RecordFilter(text=text, spec=spec, in_locks=spec if is_all else in_locks)


def visible(problem: CondaProblem, records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
    """The records that no filter of the problem hides."""
    filters = [record_filter(text) for text in problem.filters]
    return [record for record in records if not any(f.hides(record) for f in filters)]


async def filtered_sources(channels: Channels, problem: CondaProblem, beside: Iterable[str] = ()) -> list[Source]:
    """What the solver reads: the channels themselves, or what the problem's filters leave of what is within reach of
    its specs and of the MatchSpecs ``beside`` them."""
    asked = frozenset([*(spec.name for spec in problem.specs), *map(_name_of, beside)])
    sources = channels.sources(problem, asked) if problem.channels else []
    if not problem.filters or not sources:
        return sources
    key = (problem.channels, problem.subdirs, problem.filters)
    known, filtered = channels.filtered.get(key, (frozenset(), []))
    if not asked <= known:
        asked |= known
        found = await _within_reach(channels, problem, sources, asked)
        filtered = [*rewritten(channels, problem, visible(problem, found))]
        known = asked | {record.name.normalized for record in found}
        channels.filtered[key] = known, filtered
    return filtered


async def left_out(channels: Channels, problem: CondaProblem, names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """How many records of each name the problem's filters hide, for those of which they hide any."""
    if not problem.filters:
        return ()
    sources = channels.sources(problem)
    found = await _within_reach(channels, problem, sources, frozenset(names), recursive=False)
    hidden = [r.name.normalized for r in found if not visible(problem, [r])]
    return tuple((name, hidden.count(name)) for name in sorted(set(hidden)))


async def _within_reach(
    channels: Channels,
    problem: CondaProblem,
    sources: Sequence[Source],
    names: frozenset[str],
    *,
    recursive: bool = True,
) -> list[RepoDataRecord]:
    try:
        lists = await channels.gateway(problem.channels).query(
            sources,  # type: ignore[arg-type]
            list(problem.subdirs),  # type: ignore[arg-type]
            sorted(name for name in names if not name.startswith("__")),
            recursive=recursive,
            channel_relations="disabled",
        )
    except GatewayError as error:
        raise channels.unavailable(problem, error) from error
    return [record for records in lists for record in records]


def _is_there(spec: MatchSpec, channel: str, subdir: str) -> bool:
    """Whether a record is of the channel and subdir that a spec names, which py-rattler does not compare."""
    if spec.subdir is not None and spec.subdir != subdir:
        return False
    return spec.channel is None or spec.channel.base_url.rstrip("/") == channel.rstrip("/")


def _told_by_locks(spec: MatchSpec) -> str:
    """The spec without the fields that no lock keeps."""
    kept = [field for key, field in _fields(spec) if key in _KEPT_IN_LOCKS]
    return f"{spec.name.normalized}[{','.join(kept)}]" if kept else spec.name.normalized


def _fields(spec: MatchSpec) -> list[tuple[str, str]]:
    """What the spec says besides the name, each as its key and ``key="value"``."""
    nameless = NamelessMatchSpec.from_match_spec(spec)  # a name that is a regular expression has no canonical form
    canonical = MatchSpec.from_nameless(nameless, "name").to_canonical_string()
    return [(match["key"], match.group()) for match in _FIELD.finditer(canonical)]


def _as_record(package: LockedPackage) -> RepoDataRecord:
    place, _, file_name = package.url.rpartition("/")
    channel, _, subdir = place.rpartition("/")
    record = PackageRecord(
        name=package.name,
        version=package.version,
        build=BuildString(package.build or ""),
        build_number=0,
        subdir=package.subdir or subdir,
        sha256=bytes.fromhex(package.sha256) if package.sha256 else None,
        md5=bytes.fromhex(package.md5) if package.md5 else None,
    )
    return RepoDataRecord(record, file_name, package.url, channel)


def _name_of(spec: str) -> str:
    """The package name of a MatchSpec as it stands in a record's depends."""
    found = _NAME.match(spec.rpartition("::")[2])
    return found.group().lower() if found else spec
