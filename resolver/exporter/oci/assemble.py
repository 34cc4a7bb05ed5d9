"""From a lock to an image: base, ground, environment. No builder, and nothing of the image is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from resolver import canonicalizer
from resolver.build_context import ApplicationFiles
from resolver.errors import NotRepresentable
from resolver.exporter.application import (
    Launch,
    application_files,
    image_groups,
    image_variables,
    launch_of,
    require_server,
)
from resolver.exporter.architectures import ARCHITECTURES
from resolver.exporter.archive import DEFAULT_EPOCH
from resolver.exporter.base_choice import BaseChoice, choose_base, refuse_what_runs
from resolver.exporter.gpu import with_gpu_variables
from resolver.exporter.image_key import KEY_LABEL, image_key
from resolver.exporter.oci.application import application_layers, check_places
from resolver.exporter.oci.base import SCRATCH, BaseImage, BaseSource
from resolver.exporter.oci.base_tree import BaseTree, read_tree
from resolver.exporter.oci.bytecode import compiler_for
from resolver.exporter.oci.environment import InstallSlice, environment_layers
from resolver.exporter.oci.ground import check_base, ground_entries
from resolver.exporter.oci.image import ImagePlan, make_image
from resolver.exporter.oci.interpreter import base_interpreter
from resolver.exporter.oci.layer_cache import LayerCache
from resolver.exporter.oci.layer_files import write_layer
from resolver.exporter.oci.layers import MOST_LAYERS
from resolver.exporter.oci.parts import SlicePackages, sliced
from resolver.exporter.oci.values import Image, Layer
from resolver.exporter.quoting import absolute_path, image_user, label_key
from resolver.locks.slices import required_glibc, slice_of
from resolver.model import MAIN, DockerSection, Lock
from resolver.values import dataclass, field, replace

__all__ = ["OciOptions", "oci_image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OciOptions:
    """How an image is made. ``base`` names the base image (default: ``docker.base_image``; ``scratch``: none);
    ``variables`` are the environment's; ``epoch`` is every file's time in seconds since 1970; ``compile`` asks for
    bytecode; ``application`` are the files of ``docker.application``."""

    docker: DockerSection = field(default_factory=DockerSection)
    groups: tuple[str, ...] = (MAIN,)
    base: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    epoch: int = DEFAULT_EPOCH
    compile: bool = False
    application: ApplicationFiles | None = None


def oci_image(
    lock: Lock,
    platform: str,
    *,
    options: OciOptions,
    base_source: BaseSource,
    install: InstallSlice,
    sizes: Mapping[str, int],
    cache: LayerCache,
    work: Path,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Image:
    """The image of what ``lock`` holds for ``platform`` and the groups.

    ``install`` installs a slice into a folder for use at ``docker.prefix``; ``sizes`` gives the bytes of each package
    file by sha256; ``work`` is an empty folder, in which files of the image lie until it has been written.

    Raises ``NotRepresentable`` for what cannot be installed without being run, ``BuildError`` for a base that does not
    fit, ``IntegrityError``, ``SettingsError``, and whatever ``install`` and ``base_source`` raise.
    """
    refuse_what_runs(options.docker)
    require_server(lock, options.docker, (platform,))
    launch = launch_of(options.docker, options.application)
    options = replace(options, groups=image_groups(options.docker, options.groups))
    options = replace(options, base=options.base or _choice(lock, platform, options).image)
    prefix = absolute_path(options.docker.prefix, field="docker.prefix")
    content = slice_of(lock, platform, options.groups)
    base = _base(options, platform, base_source, work)
    tree = read_tree(base.layers, name=base.name, kept=cache.trees) if base is not None else BaseTree()
    if base is not None:
        check_base(tree, name=base.name, prefix=prefix, glibc=required_glibc(lock, platform))
        check_places(launch, tree, name=base.name)
    ground = _ground(tree, base, options, launch, cache, work)
    application = application_layers(
        launch,
        (file for file, _ in application_files(options.docker, options.application)),
        work=work,
        compression=cache.compression,
        epoch=options.epoch,
    )
    others = (*(base.layers if base is not None else ()), *ground, *application)
    slice_ = _with_python(sliced(content), tree, base)
    environment = environment_layers(
        slice_,
        sizes,
        prefix=prefix,
        install=install,
        cache=cache,
        work=work,
        room=MOST_LAYERS - len(others),
        epoch=options.epoch,
        compiler=compiler_for(slice_.python_version) if options.compile and slice_.python_version else None,
        progress=progress,
    )
    warnings = (*environment.warnings, *_warnings(base, required_glibc(lock, platform)))
    plan = _plan(lock, platform, options, base, launch)
    layers = (*ground, *environment.layers, *application)
    return make_image(plan, base=base, layers=layers, warnings=warnings)


def _with_python(slice_: SlicePackages, tree: BaseTree, base: BaseImage | None) -> SlicePackages:
    """With the base's Python, where wheels need one that no conda package brings."""
    if slice_.has_conda_python or not slice_.has_wheels:
        return slice_
    name = base.name if base is not None else "an image without a base"
    return replace(slice_, interpreter=base_interpreter(tree, name=name, version=str(slice_.document["python"])))


def _choice(lock: Lock, platform: str, options: OciOptions) -> BaseChoice:
    return choose_base(lock, options.docker, groups=options.groups, platforms=(platform,))


def _base(options: OciOptions, platform: str, source: BaseSource, work: Path) -> BaseImage | None:
    if platform not in ARCHITECTURES:
        raise NotRepresentable(
            f"there are no images for {platform}", hint=f"choose among {', '.join(sorted(ARCHITECTURES))}"
        )
    name = options.base or options.docker.base_image
    if name == SCRATCH:
        return None
    folder = work / "base"
    folder.mkdir()
    return source(name, architecture=ARCHITECTURES[platform][0], folder=folder)


def _ground(
    tree: BaseTree,
    base: BaseImage | None,
    options: OciOptions,
    launch: Launch | None,
    cache: LayerCache,
    work: Path,
) -> tuple[Layer, ...]:
    user = image_user(options.docker.user)
    workdir = absolute_path(launch.workdir if launch is not None else options.docker.workdir, field="docker.workdir")
    if launch is not None and not launch.own_workdir:
        workdir = f"/home/{user.name}"
    entries = ground_entries(tree, name=base.name if base else SCRATCH, user=user, workdir=workdir)
    if not entries:
        return ()
    layer = write_layer(
        entries,
        work / "ground",
        created_by=f"samebox: the user {user.name}",
        compression=cache.compression,
        epoch=options.epoch,
    )
    return (layer,)


def _plan(lock: Lock, platform: str, options: OciOptions, base: BaseImage | None, launch: Launch | None) -> ImagePlan:
    return ImagePlan(
        platform=platform,
        architecture=ARCHITECTURES[platform][0],
        docker=options.docker,
        conda=any(p.kind == "conda" for p in lock.on(platform).in_groups(options.groups)),
        variables=with_gpu_variables(
            image_variables(options.docker, options.variables), gpu=_choice(lock, platform, options).gpu
        ),
        labels=_labels(lock, platform, options, base),
        epoch=options.epoch,
        launch=launch,
    )


def _labels(lock: Lock, platform: str, options: OciOptions, base: BaseImage | None) -> tuple[tuple[str, str], ...]:
    """What leads from the image back to its lock; the names are those of the Dockerfile's labels."""
    digest = canonicalizer.digest(lock)
    environment = canonicalizer.digest(lock, platform=platform, groups=options.groups)
    labels = {"org.opencontainers.image.version": digest.hex[:12]}
    if lock.name:
        labels["org.opencontainers.image.title"] = lock.name
    if base is not None:
        if base.reference:
            labels["org.opencontainers.image.base.name"] = base.reference
        labels["org.opencontainers.image.base.digest"] = _base_digest(options, base)
        if not options.compile:  # bytecode depends on the Python of this machine, and a key on no tool
            labels[KEY_LABEL] = _key(lock, platform, options, base)
    labels |= {label_key(key): value for key, value in options.docker.labels}
    labels["io.samebox.lock.digest"] = str(digest)
    labels["io.samebox.groups"] = " ".join(sorted(set(options.groups)))
    labels["io.samebox.platform"] = platform
    labels[f"io.samebox.environment.digest.{platform}"] = str(environment)
    return tuple(sorted(labels.items()))


def _key(lock: Lock, platform: str, options: OciOptions, base: BaseImage) -> str:
    """The key, as for a build context on the same base."""
    pinned = f"base@{_base_digest(options, base)}"
    key = image_key(
        lock,
        docker=replace(options.docker, base_image=pinned, gpu_base_image=pinned),
        groups=options.groups,
        platforms=(platform,),
        variables=options.variables,
        application=options.application,
    )
    return str(key.digest)


def _base_digest(options: OciOptions, base: BaseImage) -> str:
    """The one that the base is named by, which may be that of an index, as in a Dockerfile; else its manifest's."""
    _, _, named = (options.base or options.docker.base_image).partition("@")
    return named or base.digest


def _warnings(base: BaseImage | None, glibc: str) -> Iterable[str]:
    if base is None:
        need = f" {glibc} or later" if glibc else ""
        yield f"there is no base image: whatever needs a C library (glibc{need}) or a shell will not start"
