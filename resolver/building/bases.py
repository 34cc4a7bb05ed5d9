"""Base images by digest: what their names stand for is asked of their registries once, and recorded beside the lock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from resolver.building.image_record import RecordedImage, read_record, record_path, record_text
from resolver.errors import BuildError, RegistryUnavailable, ResolverError, SettingsError
from resolver.files import FileLock, write_atomic
from resolver.model import DockerSection
from resolver.registry import ImagePlatform, Index, Reference, Registry
from resolver.session import Session
from resolver.values import fields, replace

__all__ = ["BASES", "open_registry", "pin_bases", "pin_images"]

BASES = ("base_image", "build_image")
"""The fields of ``DockerSection`` that name images of others which a Dockerfile begins with."""

_SCRATCH = "scratch"
_OTHERWISE = "name it by its digest (NAME@sha256:…), or let it float: --floating-base, or docker.resolve-base = false"


def pin_bases(
    docker: DockerSection,
    *,
    platforms: Iterable[str],
    lock: Path | str | None = None,
    images: Iterable[str] = BASES,
    refresh: bool = False,
    session: Session | None = None,
) -> DockerSection:
    """The section with its images by digest (``NAME[:TAG]@sha256:…``), for ``docker_context`` and ``build``.

    What the file beside ``lock`` has recorded is taken from there; the rest, or with ``refresh`` all of it, is asked of
    the registries and recorded. ``platforms`` are conda subdirs that the images must be made for, ``images`` fields of
    the section. With ``resolve_base = False`` nothing is asked or changed.

    Raises ``RegistryUnavailable``, ``BuildError`` where an image is not made for a platform, ``SettingsError`` for a
    name that cannot be, and ``ResolverError`` where the record cannot be read or written.
    """
    if not docker.resolve_base:
        return docker
    settings = {_setting(field): field for field in images}
    pinned = pin_images(
        {setting: getattr(docker, field) for setting, field in settings.items()},
        docker=docker,
        platforms=platforms,
        lock=lock,
        refresh=refresh,
        session=session,
    )
    changes: dict[str, Any] = {settings[setting]: image for setting, image in pinned.items()}
    return replace(docker, **changes)


def pin_images(
    asked: Mapping[str, str],
    *,
    docker: DockerSection,
    platforms: Iterable[str],
    lock: Path | str | None = None,
    refresh: bool = False,
    session: Session | None = None,
) -> dict[str, str]:
    """The images of ``asked`` by digest; the keys say where each is named (``docker.base-image``, ``--base``), for
    messages. Options and errors are as for ``pin_bases``."""
    wanted = tuple(ImagePlatform.of_subdir(platform) for platform in platforms)
    floating = {where: _reference(where, name) for where, name in asked.items() if _floats(name)}
    if not floating:
        return dict(asked)
    path = record_path(Path(lock)) if lock is not None else None
    known = read_record(path) if path is not None else {}
    if refresh or not known.keys() >= {*floating.values()}:
        with ExitStack() as stack:
            opened = session or stack.enter_context(Session())
            if path is not None:
                stack.enter_context(FileLock(_guard(opened.cache, path)))
            known = _asked_for(floating, path, docker, opened, refresh=refresh)
            _check_platforms(floating, known, wanted)
            if path is not None:
                _write(path, record_text(known))
    _check_platforms(floating, known, wanted)
    return {
        where: f"{name}@{known[floating[where]].digest}" if where in floating else name for where, name in asked.items()
    }


def open_registry(session: Session, docker: DockerSection) -> Registry:
    """The registries as the session and ``docker.insecure-registries`` have them."""
    return Registry(environ=session.environ, insecure=docker.insecure_registries, offline=session.offline)


def _setting(field: str) -> str:
    return f"docker.{field.replace('_', '-')}"


def _floats(name: str) -> bool:
    return "@" not in name and name != _SCRATCH


def _reference(where: str, name: str) -> Reference:
    """With its tag in full, so that one image has one entry in the record."""
    try:
        reference = Reference.parse(name)
    except ResolverError as error:
        raise SettingsError(error.message, field=where, hint=error.hint) from None
    return reference.tagged(reference.target)


def _guard(cache: Path, record: Path) -> Path:
    """A lock of the operating system outside of the project: two runs that record something wait in turn."""
    name = hashlib.sha256(str(record.resolve()).encode()).hexdigest()
    return cache / "projects" / f"{name[:32]}.lock"


def _named(known: Mapping[Reference, RecordedImage], docker: DockerSection) -> dict[Reference, RecordedImage]:
    """What is forgotten when all is resolved anew: references that the settings no longer name."""
    values = {field.name: getattr(docker, field.name) for field in fields(docker) if field.name.endswith("_image")}
    named = {_reference(_setting(field), value) for field, value in values.items() if value and _floats(value)}
    return {reference: image for reference, image in known.items() if reference in named}


def _asked_for(
    floating: Mapping[str, Reference], path: Path | None, docker: DockerSection, session: Session, *, refresh: bool
) -> dict[Reference, RecordedImage]:
    """What is to be recorded: what was, and what the registries say of the rest, or with ``refresh`` of all."""
    known = read_record(path) if path is not None else {}
    if refresh:
        kept = _named(known, docker)
        known = {reference: image for reference, image in kept.items() if reference not in floating.values()}
    with open_registry(session, docker) as registry:
        for where, reference in floating.items():
            if reference not in known:
                known[reference] = _ask(registry, where, reference)
    return known


def _ask(registry: Registry, where: str, reference: Reference) -> RecordedImage:
    try:
        return _found(registry, reference)
    except RegistryUnavailable as error:
        hint = f"{error.hint}; or {_OTHERWISE}" if error.hint else _OTHERWISE
        raise RegistryUnavailable(f"{where}: {error.message}", hint=hint) from error


def _found(registry: Registry, reference: Reference) -> RecordedImage:
    """What the registry has under that tag now."""
    document = registry.document(reference)
    if isinstance(document.parsed, Index):
        offered = [(entry.platform, entry.digest) for entry in document.parsed.manifests]
    else:
        offered = [(registry.config(reference, document.parsed).platform, document.descriptor.digest)]
    platforms: dict[str, str] = {}
    for platform, digest in offered:
        if platform is not None and platform.os != "unknown":  # BuildKit's attestations
            platforms.setdefault(str(platform), digest)
    return RecordedImage(digest=document.descriptor.digest, platforms=tuple(sorted(platforms.items())))


def _check_platforms(
    floating: Mapping[str, Reference], known: Mapping[Reference, RecordedImage], wanted: Iterable[ImagePlatform]
) -> None:
    for where, reference in floating.items():
        image = known[reference]
        missing = [str(platform) for platform in wanted if not image.runs_on(platform)]
        if missing:
            offered = ", ".join(platform for platform, _ in image.platforms)
            raise BuildError(
                f"{where}: {reference} ({image.digest}) is not made for {', '.join(missing)}",
                hint=f"it is for {offered or 'no platform at all'}: choose with --platform, name another, or ask for a "
                "newer one with --refresh-base",
            )


def _write(path: Path, text: str) -> None:
    """Only where it says something new."""
    content = text.encode()
    if not (path.is_file() and path.read_bytes() == content):
        write_atomic(path, content)
