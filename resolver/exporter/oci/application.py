"""An image's application without a builder: its folders as layers, and how it is started as fields of the config.

A layer for each folder: a new script does not rewrite the layer of the model. ``Healthcheck`` is Docker's own field,
which image-spec 1.1 reserves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from resolver.build_context import ContextFile
from resolver.errors import BuildError
from resolver.exporter.application import Launch
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.base_tree import BaseTree
from resolver.exporter.oci.layer_files import write_layer
from resolver.exporter.oci.values import Compression, Layer
from resolver.model import HealthCheck

__all__ = ["application_layers", "check_places", "start_settings"]

_NANOSECONDS = 1_000_000_000


def check_places(launch: Launch | None, tree: BaseTree, *, name: str) -> None:
    """Raises ``BuildError`` where the base has a link on the way to a folder of the application."""
    for _, place in launch.folders if launch is not None else ():
        link = tree.link_above(place)
        if link is not None:
            raise BuildError(
                f"{name}: /{link} is a symbolic link, and the application's files would take its place",
                hint="choose another base image, or use `samebox export docker`",
            )


def application_layers(
    launch: Launch | None,
    files: Iterable[ContextFile],
    *,
    work: Path,
    compression: Compression,
    epoch: int,
) -> tuple[Layer, ...]:
    """The layer of each folder of the application; ``files`` are those of a build context."""
    if launch is None:
        return ()
    files = tuple(files)
    return tuple(
        write_layer(
            _entries(files, folder, place),
            work / folder.replace("/", "-"),
            created_by=f"samebox: the application's {place}",
            compression=compression,
            epoch=epoch,
        )
        for folder, place in launch.folders
    )


def _entries(files: Iterable[ContextFile], folder: str, place: str) -> list[ArchiveEntry]:
    return [
        ArchiveEntry(
            path=f"{place}/{file.path.removeprefix(f'{folder}/')}".lstrip("/"),
            mode=file.mode,
            content=file.content,
            source=None if file.source is None else Path(file.source),
        )
        for file in files
        if file.path.startswith(f"{folder}/")
    ]


def start_settings(launch: Launch | None, inherited: Mapping[str, object]) -> dict[str, object]:
    """Fields of the config's ``config`` over the inherited ones. ``None`` is one that is gone: as in a Dockerfile, a
    new entry point is not given the base's command."""
    if launch is None:
        return {}
    settings: dict[str, object] = {"WorkingDir": launch.workdir}
    if launch.ports:
        exposed = inherited.get("ExposedPorts")
        ours: dict[str, object] = {f"{port}/tcp": {} for port in launch.ports}
        settings["ExposedPorts"] = {**(exposed if isinstance(exposed, dict) else {}), **ours}
    if launch.health_check is not None:
        settings["Healthcheck"] = _health_check(launch.health_check)
    if launch.entrypoint:
        settings["Entrypoint"] = list(launch.entrypoint)
        settings["Cmd"] = list(launch.command) or None
    return settings


def _health_check(check: HealthCheck) -> dict[str, object]:
    times = (("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.start_period))
    return {
        "Test": ["CMD", *check.command],
        **{name: seconds * _NANOSECONDS for name, seconds in times if seconds},
        **({"Retries": check.retries} if check.retries is not None else {}),
    }
