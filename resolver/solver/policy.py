"""Which files of PyPI projects may be used, as the user settled it: formats, builds, missing times, overrides."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.light_typing import TYPE_CHECKING
from resolver.names import normalize
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from datetime import datetime

    from resolver.model import PypiRequirement

__all__ = ["EVERY_PROJECT", "FilePolicy", "overrides_by_name"]

EVERY_PROJECT = ":all:"
"""pip's word for it."""

_STATIC_METADATA_BEGIN = (2020, 10, 24)
"""PEP 643 was written on this day: no sdist of before can have metadata that are static."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePolicy:
    """``only_binary`` and ``no_binary`` hold normalised names, or ``:all:`` for those that neither names;
    ``builds`` the projects whose metadata may be built. With ``take_untimed`` a cut-off lets files pass that have no
    upload time. Without ``unasked_sdists`` an sdist counts only where builds of it, or none but sdists, were asked for.
    ``overrides`` stand in for every requirement of a package on their project."""

    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()
    builds: frozenset[str] = frozenset()
    take_untimed: bool = False
    unasked_sdists: bool = True
    overrides: Mapping[str, tuple[PypiRequirement, ...]] = field(default_factory=dict)

    def takes_wheels(self, name: str) -> bool:
        return not self._is_in(name, self.no_binary, self.only_binary)

    def takes_sdists(self, name: str) -> bool:
        if not self.unasked_sdists and not self.ranks_sdists(name):
            return False
        return not self._is_in(name, self.only_binary, self.no_binary)

    def may_be_built(self, name: str) -> bool:
        return name in self.builds or EVERY_PROJECT in self.builds

    def ranks_sdists(self, name: str) -> bool:
        """Whether a version that has only an sdist stands among the others. Else it comes after all that have a wheel:
        what can be installed without a build is preferred for as long as nobody asked for builds."""
        return self.may_be_built(name) or not self.takes_wheels(name)

    def could_tell(self, name: str, uploaded: datetime | None) -> bool:
        """Whether an sdist of that time may have metadata that can be read here at all."""
        return self.may_be_built(name) or uploaded is None or uploaded.utctimetuple()[:3] >= _STATIC_METADATA_BEGIN

    @staticmethod
    def _is_in(name: str, names: frozenset[str], opposite: frozenset[str]) -> bool:
        return name in names or (EVERY_PROJECT in names and name not in opposite)


def overrides_by_name(requirements: tuple[PypiRequirement, ...]) -> dict[str, tuple[PypiRequirement, ...]]:
    """The overrides of each project, in their order."""
    found: dict[str, tuple[PypiRequirement, ...]] = {}
    for requirement in requirements:
        name = normalize(requirement.name)
        found[name] = (*found.get(name, ()), requirement)
    return found
