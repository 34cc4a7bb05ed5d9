"""Why the versions of a project cannot be used on a target: what is wrong with their files, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from packaging.version import Version

from resolver.indexes import DistributionFile
from resolver.solver.knowledge import Knowledge
from resolver.solver.projects import WITHOUT_TIME
from resolver.solver.versions import is_pin
from resolver.solver.why_not.explain import shown_instant
from resolver.solver.why_not.tags import tags_that_miss
from resolver.values import dataclass

__all__ = ["Fault", "Faults", "fault_lines", "left_out_by_format"]

_MOST_LINES = 3
_MOST_PYTHONS = 3

_NEEDS_PYTHON = " needs Python "
"""In the words of ``Knowledge`` about metadata that were refused."""

_OF_THE_TARGET = ("python", "tags", "build")

Kind = Literal["format", "invalid", "python", "tags", "build", "sha256", "hash", "untimed", "late", "yanked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why one version cannot be used, by the file of it that comes the nearest. ``said`` is what the file tells of it:
    the Pythons, the reason why it was yanked, the day of its upload."""

    version: Version
    rank: int
    kind: Kind
    said: str = ""


class Faults:
    """The faults of a project's versions under what is asked of it. Only what is known is looked at."""

    def __init__(
        self,
        knowledge: Knowledge,
        name: str,
        *,
        specifiers: Sequence[str] = (),
        hashes: frozenset[str] = frozenset(),
    ) -> None:
        self._knowledge = knowledge
        self._name = name
        self._files = knowledge.files(name)
        self._policy = knowledge.projects.policy
        self._yanked = any(is_pin(specifier) for specifier in specifiers)
        self._hashes = hashes

    def of_version(self, rank: int) -> Fault | None:
        """What is wrong with the version; ``None`` where nothing is."""
        project, target = self._files.project, self._knowledge.target
        best = self._files.best(rank, yanked=self._yanked, hashes=self._hashes or None)
        if best is not None and best.filename.endswith(".whl"):  # its metadata speak for the version
            found = [self._of_wheel(best, fits=True)]
        else:
            found = [self._of_wheel(w.file, fits=target.priority_of(w.tags) is not None) for w in project.wheels(rank)]
            sources = [self._of_sdist(file) for file in project.sdists[rank]]
            # where builds are permitted, a source that could not be built is what there is to mend
            found = sources + found if self._policy.may_be_built(self._name) else found + sources
        if not found:
            return Fault(version=project.ranked.versions[rank], rank=rank, kind="invalid", said="has no usable file")
        # the file with the fewest faults: of several that are alike the first, so a wheel before an sdist
        faults = min(found, key=len)
        if not faults:
            return None
        kind, said = faults[0]
        return Fault(version=project.ranked.versions[rank], rank=rank, kind=kind, said=said)

    def _of_wheel(self, file: DistributionFile, *, fits: bool) -> list[tuple[Kind, str]]:
        found: list[tuple[Kind, str]] = []
        if not self._policy.takes_wheels(self._name):
            found.append(("format", ""))
        found += self._of_metadata(file)
        if not fits:
            found.append(("tags", ""))
        return found + self._of_page(file)

    def _of_sdist(self, file: DistributionFile) -> list[tuple[Kind, str]]:
        found: list[tuple[Kind, str]] = []
        if not self._policy.takes_sdists(self._name):
            found.append(("format", ""))
        page = self._of_page(file)
        untimed = [fault for fault in page if fault[0] == "untimed"]
        found += untimed  # such a file was not even looked at
        found += self._of_metadata(file)
        if not found and not self._policy.may_be_built(self._name) and self._knowledge.known(file) is None:
            found.append(("build", ""))
        return found + [fault for fault in page if fault not in untimed]

    def _of_metadata(self, file: DistributionFile) -> list[tuple[Kind, str]]:
        """What the page says of Python, or else why the metadata were refused, where they were looked at."""
        if not self._knowledge.target.admits_python(file.requires_python):
            return [("python", str(file.requires_python))]
        known = self._knowledge.known(file)
        if not isinstance(known, str):
            return []
        _, is_python, python = known.partition(_NEEDS_PYTHON)
        if is_python:
            return [("python", python)]
        is_wheel = file.filename.endswith(".whl")
        return [("invalid" if is_wheel or self._name not in self._knowledge.unbuilt else "build", known)]

    def _of_page(self, file: DistributionFile) -> list[tuple[Kind, str]]:
        found: list[tuple[Kind, str]] = []
        if file.sha256 is None:
            found.append(("sha256", ""))
        elif self._hashes and f"sha256:{file.sha256}" not in self._hashes:
            found.append(("hash", ""))
        # nothing but its age can speak against a file like this
        aged = DistributionFile(filename=file.filename, url=file.url, sha256="-", upload_time=file.upload_time)
        refusal = self._files.refusal(aged)
        if refusal == WITHOUT_TIME:
            found.append(("untimed", ""))
        elif refusal is not None:
            found.append(("late", (file.upload_time or "")[:10]))
        if file.yanked is not None and not self._yanked:
            found.append(("yanked", file.yanked))
        return found


def fault_lines(knowledge: Knowledge, name: str, faults: Sequence[Fault]) -> list[str]:
    """One line for each kind of fault, that of the newest version first."""
    by_kind: dict[Kind, list[Fault]] = {}
    for fault in faults:
        by_kind.setdefault(fault.kind, []).append(fault)
    told = [kind for kind in by_kind if kind not in _OF_THE_TARGET]
    # of what speaks against the target itself the newest versions say enough
    first = next((kind for kind in by_kind if kind in _OF_THE_TARGET), None)
    kinds = [kind for kind in by_kind if kind in told or kind == first]
    return [_line(knowledge, name, kind, by_kind[kind]) for kind in kinds[:_MOST_LINES]]


def _line(knowledge: Knowledge, name: str, kind: Kind, faults: Sequence[Fault]) -> str:
    newest = faults[0]
    several = len(faults) > 1
    which = f"{name} {_span(faults)}"
    match kind:
        case "python":
            return _pythons(knowledge, name, faults)
        case "tags":
            project = knowledge.files(name).project
            miss = tags_that_miss(knowledge.target, [wheel.tags for wheel in project.wheels(newest.rank)])
            which = f"{name} {newest.version}{f', the newest of {len(faults)},' if several else ''}"
            return f"{which} has {miss}{_with_source(knowledge, name, newest)}"
        case "yanked":
            it = "one of them" if several else "it"
            reason = f" ({newest.said})" if newest.said else ""
            was = "were" if several else "was"
            return f"{which} {was} yanked{reason}: only an exact pin, {name}=={newest.version}, takes {it}"
        case "late":
            instant = knowledge.target.cut_off
            cut_off = shown_instant(instant) if instant is not None else ""
            oldest = min(faults, key=lambda fault: (fault.said, fault.version))
            when = f"{oldest.version} on {oldest.said}" if several else oldest.said
            was = "were" if several else "was"
            return f"{which} would fit, but {was} uploaded after the cut-off, {cut_off} ({when})"
        case "untimed":
            tell = "tell" if several else "tells"
            return f"{which} {tell} no upload time, and the cut-off leaves such out (missing-time)"
        case "build":
            return newest.said or _of_sources(name, len(faults))
        case "format":
            return left_out_by_format(knowledge, name)
        case "hash":
            return f"no file of {which} has a hash that is asked for"
        case "sha256":
            return f"the index has no sha256 of {which}, and only what has one can be locked"
        case "invalid":
            return newest.said


def _span(faults: Sequence[Fault]) -> str:
    """The versions, newest first, without those in the middle where they are many."""
    versions = [str(fault.version) for fault in faults]
    return ", ".join(versions) if len(versions) <= 2 else f"{versions[0]} … {versions[-1]}"


def _pythons(knowledge: Knowledge, name: str, faults: Sequence[Fault]) -> str:
    """Which Pythons the newest versions need, and the newest version for the Python that there is."""
    by_need: dict[str, list[Fault]] = {}
    for fault in faults:
        by_need.setdefault(fault.said, []).append(fault)
    needs = [
        f"{_span(same)} {'need' if len(same) > 1 else 'needs'} {'' if number else 'Python '}{said}"
        for number, (said, same) in enumerate(tuple(by_need.items())[:_MOST_PYTHONS])
    ]
    more = ", …" if len(by_need) > _MOST_PYTHONS else ""
    return f"{name} {', '.join(needs)}{more}, not {knowledge.target.python.version}{_newest(knowledge, name)}"


def _newest(knowledge: Knowledge, name: str) -> str:
    """The newest version for the Python that there is."""
    faults = Faults(knowledge, name)
    for rank, version in reversed(tuple(enumerate(knowledge.files(name).project.ranked.versions))):
        fault = faults.of_version(rank)
        if fault is None or fault.kind not in (*_OF_THE_TARGET, "invalid", "format"):
            return f"; the newest for that is {version}"
    return "; no version is for that"


def _with_source(knowledge: Knowledge, name: str, fault: Fault) -> str:
    policy = knowledge.projects.policy
    if not knowledge.files(name).project.sdists[fault.rank] or not policy.takes_sdists(name):
        return ""
    return f"; its source would have to be built (--allow-builds={name} permits that)"


def left_out_by_format(knowledge: Knowledge, name: str) -> str:
    """What ``--only-binary`` and ``--no-binary`` leave out of a project of which they leave nothing."""
    project, policy = knowledge.files(name).project, knowledge.projects.policy
    sources = sum(map(bool, project.sdists))
    if not sources and not project.has_wheels:
        return f"the index has no files of {name}"
    if not policy.takes_sdists(name):
        return f"it has source distributions only ({sources}), and --only-binary leaves these out"
    return "it has no source distributions, and --no-binary leaves its wheels out"


def _of_sources(name: str, count: int) -> str:
    return (
        f"it has source distributions only ({count}), and what these need is not known without a "
        f"build: permit that with --allow-builds={name}, or build a wheel and ask for it by its path"
    )
