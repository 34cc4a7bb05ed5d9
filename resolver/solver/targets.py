"""What wheels are chosen for: one platform with one Python."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.light_typing import TYPE_CHECKING
from resolver.platforms import Platform, PythonTarget
from resolver.solver.requirements import parse_marker
from resolver.values import dataclass, field

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Target", "parse_tail"]

_NO_BUILD = (-1, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform, its Python, and the cut-off instant (UTC) after which no file is a candidate."""

    platform: Platform
    python: PythonTarget
    cut_off: datetime | None = None
    environment: Mapping[str, str] = field(init=False)
    _tags: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _applies: dict[tuple[str, str], bool] = field(init=False, repr=False, default_factory=dict)
    _pythons: dict[str, bool] = field(init=False, repr=False, default_factory=dict)
    _priorities: dict[str, int | None] = field(init=False, repr=False, default_factory=dict)
    _fits: dict[str, tuple[int, tuple[int, str]] | None] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", self.platform.markers(self.python))

    def __str__(self) -> str:
        return f"{self.platform.subdir} with Python {self.python.version}"

    @property
    def tags(self) -> Mapping[str, int]:
        """The wheel tags that can be used here, with their priority, 0 the best."""
        if not self._tags:
            self._tags.update((tag, priority) for priority, tag in enumerate(self.platform.wheel_tags(self.python)))
        return self._tags

    def takes(self, filename: str) -> bool:
        """Whether one of the tags in a wheel's file name is among those of this target."""
        from packaging.utils import InvalidWheelFilename, parse_wheel_filename

        try:
            tags = parse_wheel_filename(filename)[3]
        except InvalidWheelFilename:
            return False
        return any(str(tag) in self.tags for tag in tags)

    def applies(self, marker: str | None, extra: str = "") -> bool:
        """Whether a PEP 508 marker holds here, with ``extra`` as the extra that is asked for."""
        if marker is None:
            return True
        key = (marker, extra)
        known = self._applies.get(key)
        if known is None:
            known = parse_marker(marker).evaluate({**self.environment, "extra": extra})
            self._applies[key] = known
        return known

    def fit_of(self, filename: str) -> tuple[int, tuple[int, str]] | None:
        """The priority of a wheel (see ``priority_of``) and its build number; ``None`` where it cannot be used here.
        The name has a version in it. Wheels by the thousand end alike after that."""
        tail = filename.split("-", 2)[2]
        if tail not in self._fits:
            parsed = parse_tail(tail)
            priority = self.priority_of(parsed[1]) if parsed is not None else None
            self._fits[tail] = (priority, parsed[0]) if parsed is not None and priority is not None else None
        return self._fits[tail]

    def priority_of(self, tags: str) -> int | None:
        """The place of the best of a wheel's tags (``py2.py3-none-any``) among the target's, 0 the best; ``None``
        where it has none of them."""
        if tags not in self._priorities:
            pythons, abis, platforms = (part.split(".") for part in tags.split("-"))
            names = (f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms)
            self._priorities[tags] = min((self.tags[name] for name in names if name in self.tags), default=None)
        return self._priorities[tags]

    def admits_python(self, requires_python: str | None) -> bool:
        """Whether ``Requires-Python`` allows this Python. A value that is no specifier allows none (pip ignores
        it): a file that cannot say what it needs is not one to lock."""
        if not requires_python:
            return True
        known = self._pythons.get(requires_python)
        if known is None:
            from packaging.specifiers import InvalidSpecifier, SpecifierSet

            try:
                known = SpecifierSet(requires_python).contains(self.python.version, prereleases=True)
            except InvalidSpecifier:
                known = False
            self._pythons[requires_python] = known
        return known

    def differs_for(self, python: PythonTarget) -> bool:
        """Whether some ``Requires-Python`` that was asked about here says something else for ``python``."""
        other = Target(platform=self.platform, python=python, cut_off=self.cut_off)
        return any(other.admits_python(text) != admits for text, admits in self._pythons.items())


def parse_tail(tail: str) -> tuple[tuple[int, str], str] | None:
    """The build number and the tags out of ``[BUILD-]PYTHON-ABI-PLATFORM.whl``; ``None`` for another form, which is no
    candidate."""
    tags = tail.removesuffix(".whl").lower()
    dashes = tags.count("-")
    if dashes == 2:
        return _NO_BUILD, tags
    if dashes != 3:
        return None
    written = tail.partition("-")[0]
    digits = written[: len(written) - len(written.lstrip("0123456789"))]
    return ((int(digits), written[len(digits) :]) if digits else _NO_BUILD), tags.partition("-")[2]
