"""What the fast path asks about projects: the preferred version, whether a requirement admits it, what it needs.

Each answer follows from a project's page, the metadata of one of its files, and a *context*: the target and the
policy. So it is noted with the page (``NotingIndex``), and the next solve that asks the same of the same page need not
read it, nor parse a version. Where there is no note, ``Knowledge`` is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from resolver import __version__
from resolver.hashes import sha256
from resolver.indexes import DistributionFile
from resolver.installed import installed_version
from resolver.light_typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from resolver.solver.answer import Choice
from resolver.solver.requirements import Dependency

if TYPE_CHECKING:
    from resolver.indexes import NotingIndex
    from resolver.model import PypiRequirement
    from resolver.solver.knowledge import Knowledge
    from resolver.solver.pins import ProjectPin
    from resolver.solver.policy import FilePolicy
    from resolver.solver.preference import Asked
    from resolver.solver.targets import Target

__all__ = ["CheckedAnswer", "Lookup", "Unusable"]

_T = TypeVar("_T")

_FORM = 2
"""Part of a context: raise it when the form of a note changes, or what an answer means."""

_SEAL = 64
"""Digits of the digest before a note: one that was damaged must not answer in place of its page."""

_MOST_ANSWERS = 64
"""So many of each kind are kept in a note."""


class CheckedAnswer(NamedTuple):
    """All that the checker looks at, but for the context: what is asked for, and the files that were chosen. The
    metadata of a file belongs to its URL and sha256 for ever (see ``MetadataCache``)."""

    requirements: Sequence[PypiRequirement]
    constraints: Sequence[PypiRequirement]
    files: Sequence[tuple[str, DistributionFile]]

    @property
    def project(self) -> str:
        """The one that it is noted with."""
        return min(name for name, _ in self.files)

    def digest(self, context: str) -> str:
        asked = [
            sorted(json.dumps((r.name, r.specifier, r.marker, r.extras)) for r in requirements)
            for requirements in (self.requirements, self.constraints)
        ]
        files = [(name, file.filename, file.url, file.sha256) for name, file in self.files]
        return sha256(json.dumps((context, asked, files)).encode()).hexdigest()


class Unusable(Exception):
    """What a file needs cannot be told, or not on this target."""


class _Note(NamedTuple):
    """The note of one page, as JSON has it: the preferred version by what was asked, with its rank and file; which
    specifiers admit which versions; what files need, by file name and extra; and which answers with this project the
    independent checker found right, by their digests."""

    first: dict[str, list[Any] | None]
    admits: dict[str, dict[str, bool]]
    needs: dict[str, dict[str, list[list[Any]]]]
    right: list[str]

    def latest(self) -> _Note:
        """What came last, so that a page that seldom changes has no ever longer note."""
        return _Note(_last(self.first), _last(self.admits), _last(self.needs), self.right[-_MOST_ANSWERS:])


def _last(table: dict[str, _T]) -> dict[str, _T]:
    return dict(list(table.items())[-_MOST_ANSWERS:])


class _Page(NamedTuple):
    """The note on a page that has one or is to get one. ``stamp`` is that of the page."""

    home: NotingIndex
    stamp: str
    note: _Note


class Lookup:
    """Answers for one target. ``keep`` writes what was found out."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._context = _context(knowledge.target, knowledge.projects.policy)
        self._pages: dict[str, _Page | None] = {}
        self._changed: set[str] = set()
        self._ranks: dict[tuple[str, str], int] = {}
        self._asked: dict[tuple[str, DistributionFile], None] = {}
        self._needs: dict[tuple[str, str, DistributionFile], tuple[Dependency, ...]] = {}

    # ---- what is asked

    def prefetch(self, names: Iterable[str]) -> None:
        """A hint that these projects will be asked about."""
        self._knowledge.projects.prefetch([name for name in names if name not in self._pages])

    def first(self, name: str, asked: Asked, pin: ProjectPin | None) -> Choice | None:
        """The preferred version and file of a project; ``None`` where none will do."""
        page = self._page(name)
        if page is None or asked.hashes is not None:
            found = self._find(name, asked, pin)
        else:
            question = _question(asked, pin)
            if question not in page.note.first:
                page.note.first[question] = _as_json(self._find(name, asked, pin))
                self._changed.add(name)
            found = _from_json(page.note.first[question])
        if found is None:
            return None
        rank, choice = found
        self._ranks[name, choice.version] = rank
        return choice

    def admits(self, name: str, specifier: str, choice: Choice) -> bool:
        """Whether a specifier set admits the version of a file that ``first`` gave, pre-releases included."""
        if not specifier:
            return True
        page = self._page(name)
        known = None if page is None else page.note.admits.setdefault(specifier, {}).get(choice.version)
        if known is None:
            admitted = self._knowledge.files(name).project.ranked.admitted(specifier)
            known = bool(admitted >> self._ranks[name, choice.version] & 1)
            if page is not None:
                page.note.admits[specifier][choice.version] = known
                self._changed.add(name)
        return known

    def needs(self, name: str, extra: str, choice: Choice) -> tuple[Dependency, ...]:
        """What a choice needs, or what one of its extras adds to that. Raises ``Unusable``."""
        if choice.file is None:
            return self._needs_of_given(name, extra, choice)
        key = (name, extra, choice.file)
        if key not in self._needs:
            self._needs[key] = self._needs_of_file(name, extra, choice.file)
        return self._needs[key]

    # ---- what was found right

    def is_right(self, answer: CheckedAnswer) -> bool:
        """Whether the checker has seen exactly this answer to exactly these requests, and found nothing wrong."""
        page = self._page(answer.project)
        return page is not None and answer.digest(self._context) in page.note.right

    def found_right(self, answer: CheckedAnswer) -> None:
        page = self._page(answer.project)
        if page is not None:
            page.note.right.append(answer.digest(self._context))
            self._changed.add(answer.project)

    # ---- what becomes of it

    def learn(self) -> None:
        """Let ``Knowledge`` know what was asked, where a note stood in for it."""
        self._knowledge.learn(self._asked)

    def keep(self) -> None:
        """Note what was not noted yet."""
        new: dict[str, tuple[NotingIndex, dict[str, tuple[str, str]]]] = {}
        for name in sorted(self._changed):
            page = self._pages[name]
            if page is not None:
                _, notes = new.setdefault(page.home.url, (page.home, {}))
                notes[name] = (page.stamp, _sealed(page.note.latest()))
        for index, notes in new.values():
            index.keep_notes(self._context, notes)

    # ---- without a note

    def _find(self, name: str, asked: Asked, pin: ProjectPin | None) -> tuple[int, Choice] | None:
        from resolver.solver.preference import preferred_files

        files = self._knowledge.files(name)
        found = next(preferred_files(files, asked, pin), None)
        if found is None:
            return None
        rank, file = found
        return rank, Choice(version=str(files.project.ranked.versions[rank]), file=file)

    def _needs_of_file(self, name: str, extra: str, file: DistributionFile) -> tuple[Dependency, ...]:
        self._asked[name, file] = None
        page = self._page(name)
        noted = None if page is None else page.note.needs.get(file.filename, {}).get(extra)
        if noted is not None:
            return tuple(Dependency(name=n, specifier=s, extras=tuple(e), url=u) for n, s, e, u in noted)
        metadata = self._knowledge.metadata(name, file)
        if isinstance(metadata, str):
            raise Unusable(metadata)
        found = self._knowledge.dependencies(metadata, extra)
        if page is not None:
            rows = [[d.name, d.specifier, d.extras, d.url] for d in found]
            page.note.needs.setdefault(file.filename, {})[extra] = rows
            self._changed.add(name)
        return found

    def _needs_of_given(self, name: str, extra: str, choice: Choice) -> tuple[Dependency, ...]:
        """Those of what a requirement names by its place, or of what conda provides: then an extra's alone, the rest
        is conda's affair."""
        if choice.direct is not None:
            metadata = self._knowledge.usable(choice.direct)
        elif not extra:
            return ()
        else:
            file = self._knowledge.file_of(name, choice.version)
            metadata = self._knowledge.metadata(name, file) if file is not None else f"{name}: no file of that version"
        if isinstance(metadata, str):
            raise Unusable(metadata)
        return self._knowledge.dependencies(metadata, extra)

    # ---- notes

    def _page(self, name: str) -> _Page | None:
        if name not in self._pages:
            self._pages[name] = self._read(name)
        return self._pages[name]

    def _read(self, name: str) -> _Page | None:
        found = self._knowledge.projects.noted(name, self._context)
        if found is None:
            return None
        index, state = found
        if state.stamp is None:
            return None
        return _Page(index, state.stamp, _note_of(state.note))


def _sealed(note: _Note) -> str:
    """A note as it is kept: the sha256 of the JSON in hex, and the JSON."""
    text = json.dumps(note)
    return sha256(text.encode()).hexdigest() + text


def _note_of(sealed: str | None) -> _Note:
    """The note, or a new one where there is none, or none that was written like this: then all is found out again."""
    digest, text = (sealed[:_SEAL], sealed[_SEAL:]) if sealed is not None else ("", "")
    if digest != sha256(text.encode()).hexdigest():
        return _Note({}, {}, {}, [])
    return _Note(*json.loads(text))


def _question(asked: Asked, pin: ProjectPin | None) -> str:
    parts = (
        sorted(set(asked.specifiers) - {""}),
        sorted(set(asked.by_people) - {""}),
        ["pre"] if asked.prereleases else [],
        [f"{pin.version} {pin.sha256}"] if pin is not None else [],
    )
    return "\n".join("|".join(part) for part in parts)


def _as_json(found: tuple[int, Choice] | None) -> list[Any] | None:
    return None if found is None else [found[0], found[1].version, found[1].file]


def _from_json(row: list[Any] | None) -> tuple[int, Choice] | None:
    return None if row is None else (row[0], Choice(version=row[1], file=DistributionFile(*row[2])))


def _context(target: Target, policy: FilePolicy) -> str:
    """A digest of all that an answer follows from, besides what it is about."""
    overrides = {
        name: [(r.specifier, r.marker, sorted(r.extras)) for r in requirements]
        for name, requirements in policy.overrides.items()
    }
    parts: Sequence[object] = (
        (_FORM, __version__, installed_version("packaging", "packaging")),
        (target.platform.subdir, [(p.name, p.version, p.build) for p in target.platform.virtual_packages]),
        (target.python.version, target.python.free_threaded, target.cut_off and target.cut_off.isoformat()),
        [sorted(names) for names in (policy.only_binary, policy.no_binary, policy.builds)],
        (policy.take_untimed, policy.unasked_sdists, overrides),
    )
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
