"""Who lets a yanked release in: it may be installed where a requirement pins it exactly (PEP 592), and in the joint
solve only as long as the one who makes that requirement is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from resolver.conda import MadeUpRecord
from resolver.solver.versions import is_pin

__all__ = ["Pinners"]

_LETS_IN = "---"
"""Between a project and the rank of a yanked entry in the name of a made-up package. An extra has two dashes there."""


class Pinners:
    """The exact pins that there are, and for each who makes it: the spec of a made-up record, or ``""`` for a root or a
    constraint, which always holds."""

    def __init__(self) -> None:
        self._by_project: dict[str, dict[str, set[str]]] = {}

    def add(self, project: str, specifier: str, pinner: str) -> None:
        if is_pin(specifier):
            self._by_project.setdefault(project, {}).setdefault(specifier, set()).add(pinner)

    def specifiers(self, project: str) -> tuple[str, ...]:
        return tuple(sorted(self._by_project.get(project, ())))

    @staticmethod
    def need(project: str, rank: int) -> str:
        """What the record of a yanked entry needs besides."""
        return f"pypi-{project}{_LETS_IN}{rank}"

    def records(self, project: str, rank: int, admits: Callable[[str], bool]) -> Iterator[MadeUpRecord]:
        """One for each pinner of that entry: one of them has to be chosen. ``admits`` tells whether a specifier admits
        the entry."""
        pins = self._by_project.get(project, {})
        pinners = sorted({pinner for specifier, who in pins.items() if admits(specifier) for pinner in who})
        if "" in pinners:
            yield MadeUpRecord(name=self.need(project, rank), rank=0)
            return
        for number, pinner in enumerate(pinners):
            yield MadeUpRecord(name=self.need(project, rank), rank=number, depends=(pinner,))
