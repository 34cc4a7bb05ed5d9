"""What is to be edited, and what an editor is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packaging.utils import canonicalize_name

from resolver.errors import ManifestError
from resolver.manifests.conda_spec import parse_conda_spec
from resolver.manifests.reading import Reading
from resolver.manifests.requirement_lines import Requirements, read_line
from resolver.model import Origin
from resolver.values import dataclass

__all__ = ["Addition", "ManifestEditor", "Removal", "conda_name", "place_for", "project_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """One request to add: a conda spec, or (``is_pip``) a requirement. ``group`` is ``None`` for the manifest's main
    group. Its name is judged when it is made: raises ``ManifestError``."""

    text: str
    is_pip: bool = False
    group: str | None = None

    def __post_init__(self) -> None:
        if self.name is None:
            raise ManifestError(f"not one requirement: {self.text!r}", origin=Origin(source="<option>"))

    @property
    def name(self) -> str | None:
        if self.is_pip:
            return project_name(self.text)
        return parse_conda_spec(self.text, origin=Origin(source="<option>")).name


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """All requests of one name, of either world, or only those in ``group``."""

    name: str
    group: str | None = None

    def is_conda(self, name: str | None) -> bool:
        return name is not None and name == self.name.lower()

    def is_project(self, name: str | None) -> bool:
        return name is not None and name == canonicalize_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEditor:
    """One format: whether a file name is one of its own; ``add`` and ``remove``, from a text and its source to the
    edited text (``remove`` gives the same text where nothing has the name); ``names``, all that is asked for in it.
    They raise ``ManifestError`` where the text is wrong, or cannot be edited without guessing."""

    name: str
    matches: Callable[[str], bool]
    add: Callable[[str, str, Addition], str]
    remove: Callable[[str, str, Removal], str]
    names: Callable[[str, str], tuple[str, ...]]


def conda_name(text: str) -> str | None:
    """The name in a conda spec; ``None`` where the text is none."""
    try:
        return parse_conda_spec(text, origin=Origin(source="<text>")).name
    except ManifestError:
        return None


def project_name(text: str) -> str | None:
    """The name in a line of a requirements file; ``None`` where that is an option, or not one requirement."""
    found = Requirements()
    try:
        included = read_line(text, Reading(source="<text>"), 1, found)
    except ManifestError:
        return None
    return found.requirements[0].name if included is None and len(found.requirements) == 1 else None


def place_for(name: str, names: Sequence[str | None]) -> int:
    """Where a new name goes in a list: at its end, or in its place if the list is sorted."""
    known = [other for other in names if other is not None]
    if len(known) < 2 or known != sorted(known):
        return len(names)
    return next((n for n, other in enumerate(names) if other is not None and other > name), len(names))
