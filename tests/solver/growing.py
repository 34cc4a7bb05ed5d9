"""A world of both kinds that grows between two locks: channels in a folder, an index in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolver.environment import Environment
from resolver.indexes import MemoryIndex
from resolver.locking import lock
from resolver.manifests import read_manifests
from resolver.model import Lock
from resolver.settings import Settings
from tests.conda.worlds import MAIN, OTHER, write_channel
from tests.scenarios.world import Served

__all__ = ["Releases", "World", "packages"]

_INDEX = "https://pypi.example.org/simple/"

Records = dict[str, list[dict[str, Any]]]
Releases = dict[str, dict[str, dict[str, object]]]


@dataclass(slots=True, kw_only=True)
class World:
    """``conda`` and ``other`` are channels by subdir, ``pypi`` is an index (see ``MemoryIndex``)."""

    folder: Path
    conda: Records = field(default_factory=dict)
    other: Records | None = None
    pypi: Releases = field(default_factory=dict)
    runs: int = 0

    def lock(
        self,
        *,
        conda: tuple[str, ...] = (),
        pip: tuple[str, ...] = (),
        previous: Lock | None = None,
        upgrade: tuple[str, ...] = (),
        **settings: Any,
    ) -> Lock:
        """Lock what is asked for in the world as it is now."""
        self.runs += 1
        place = self.folder / f"run{self.runs}"
        write_channel(place / "conda" / "main", self.conda)
        if self.other is not None:
            write_channel(place / "conda" / "other", self.other)
        lines = ["dependencies:", *(f"  - {spec}" for spec in conda)]
        lines += ["  - pip:", *(f"      - {line}" for line in pip)] if pip else []
        (place / "environment.yml").write_text("\n".join(lines) + "\n")
        channels = (MAIN,) if self.other is None else (MAIN, OTHER)
        given: dict[str, Any] = {"platforms": ("linux-64",), "python": "3.12.4", "channels": channels, **settings}
        environment = Environment(
            spec=read_manifests(["environment.yml"], root=place),
            settings=Settings(index_url=_INDEX, **given),
            directory=place,
        )
        session = Served(
            mirrors=(("https://conda.example.org", str(place / "conda")),),
            indexes={_INDEX: MemoryIndex(self.pypi, url=_INDEX)},
            cache=place / "cache",
        )
        with session:
            return lock(environment, session=session, previous=previous, upgrade=upgrade)


def packages(lock: Lock, platform: str = "linux-64") -> list[str]:
    """``NAME VERSION``, with the build of a conda package that is not ``0``."""
    return [
        f"{p.name} {p.version}" + (f" {p.build}" if p.build not in (None, "0") else "")
        for p in lock.on(platform).packages
    ]
