"""An image's config and manifest (image-spec 1.1), as the Dockerfile of ``exporter.docker`` would make them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from resolver.canonicalizer import canonical_json
from resolver.errors import SettingsError
from resolver.exporter.application import Launch
from resolver.exporter.oci.application import start_settings
from resolver.exporter.oci.base import BaseImage
from resolver.exporter.oci.values import CONFIG, MANIFEST, Blob, Image, Layer
from resolver.exporter.quoting import image_user
from resolver.model import DockerSection
from resolver.values import dataclass

__all__ = ["ImagePlan", "make_image"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What Docker takes where the base says nothing."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """What an image is to be, apart from its layers. ``conda`` says that the prefix is a conda environment;
    ``labels`` are labels of the config and annotations of the manifest; ``epoch`` is its time in seconds; ``launch``
    is how its application is started, if there is one."""

    platform: str
    architecture: str
    docker: DockerSection
    conda: bool
    variables: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    epoch: int
    launch: Launch | None = None


def make_image(
    plan: ImagePlan, *, base: BaseImage | None, layers: Iterable[Layer], warnings: tuple[str, ...] = ()
) -> Image:
    """The image of ``base`` with ``layers`` over it. Raises ``SettingsError`` for a variable that cannot be set."""
    below = base.layers if base is not None else ()
    ours = tuple(layers)
    document = _config(plan, base, ours)
    config = Blob.of(CONFIG, canonical_json(document))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.blob.descriptor() for layer in (*below, *ours)],
        "annotations": dict(plan.labels),
    }
    return Image(
        platform=plan.platform,
        architecture=plan.architecture,
        variant=base.variant if base is not None else "",
        manifest=Blob.of(MANIFEST, canonical_json(manifest)),
        config=config,
        layers=(*below, *ours),
        annotations=plan.labels,
        warnings=warnings,
    )


def _config(plan: ImagePlan, base: BaseImage | None, ours: tuple[Layer, ...]) -> dict[str, object]:
    """The base's document with ours over it: as ``FROM`` does, what nobody changes stays."""
    created = datetime.fromtimestamp(plan.epoch, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    below = base.layers if base is not None else ()
    inherited = dict(base.config) if base is not None else {}
    for of_a_build in (
        "container",
        "container_config",
        "docker_version",
        "id",
        "parent",
        "author",
        "moby.buildkit.buildinfo.v1",
    ):
        inherited.pop(of_a_build, None)
    settings = inherited.get("config")
    history = [{"created": created, "created_by": layer.created_by} for layer in ours]
    return {
        **inherited,
        "architecture": plan.architecture,
        "os": "linux",
        "created": created,
        "config": _settings(plan, settings if isinstance(settings, dict) else {}),
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in (*below, *ours)]},
        "history": [*_history_below(base), *history],
    }


def _history_below(base: BaseImage | None) -> list[object]:
    """The base's history where it has one entry for each layer, else one that has."""
    if base is None:
        return []
    history = base.config.get("history")
    entries = history if isinstance(history, list) else []
    filled = [entry for entry in entries if isinstance(entry, dict) and not entry.get("empty_layer")]
    if len(filled) == len(base.layers):
        return list(entries)
    return [{"created_by": layer.created_by} for layer in base.layers]


def _settings(plan: ImagePlan, inherited: Mapping[str, object]) -> dict[str, object]:
    user = image_user(plan.docker.user)
    labels = inherited.get("Labels")
    settings: dict[str, object] = {
        **inherited,
        "Env": _environment(plan, inherited.get("Env")),
        "User": f"{user.uid}:{user.gid}",
        "WorkingDir": plan.docker.workdir,
        "Labels": {**(labels if isinstance(labels, dict) else {}), **dict(plan.labels)},
    }
    if plan.docker.command:
        settings["Cmd"] = list(plan.docker.command)
    settings |= start_settings(plan.launch, inherited)
    return {key: value for key, value in settings.items() if value is not None}


def _environment(plan: ImagePlan, inherited: object) -> list[str]:
    """``NAME=value`` in the base's order, then ours; the environment's own folders win."""
    texts = inherited if isinstance(inherited, list) else []
    values = dict(str(text).partition("=")[::2] for text in texts)
    for name, value in sorted(plan.variables):
        if not _VARIABLE.match(name) or "\0" in value:
            raise SettingsError(f"not an environment variable: {name!r}", field=f"variables.{name}")
        values[name] = value
    if plan.conda:
        values["CONDA_PREFIX"] = plan.docker.prefix
    values["PATH"] = f"{plan.docker.prefix}/bin:{values.get('PATH') or _PATH}"
    return [f"{name}={value}" for name, value in values.items()]
