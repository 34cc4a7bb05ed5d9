"""``Environment``: what a library user holds. A thin face over the rooms below; each method gives a new value.

environment = resolver.read_environment("environment.yml")
lock = environment.add_pip_package("httpx").lock()
print(resolver.digest(lock))
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from resolver.errors import ManifestError, SettingsError
from resolver.files import read_text
from resolver.light_typing import TYPE_CHECKING
from resolver.manifests import read_manifests
from resolver.manifests.application_server import with_server
from resolver.model import MAIN, EnvironmentSpec, Lock, Origin, PypiRequirement
from resolver.platforms import Platform, overrides_from_environment
from resolver.session import Session
from resolver.settings import HAVE_SETTINGS, Settings, SettingsLayer, find_sources, read_settings
from resolver.values import dataclass, field, replace

if TYPE_CHECKING:
    from resolver.solver.policy import FilePolicy

__all__ = ["Environment", "read_environment"]

_IN_CODE = Origin(source="<python>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A declared environment with the settings that it is locked by.

    ``directory`` is the folder that relative paths (sources, the lockfile, mirrors) start from; ``overrides`` are
    the ``CONDA_OVERRIDE_*`` variables that were set when it was read.
    """

    spec: EnvironmentSpec
    settings: Settings = field(default_factory=Settings)
    options: SettingsLayer = field(default_factory=SettingsLayer)
    directory: Path = field(default_factory=Path)
    overrides: tuple[tuple[str, str], ...] = ()

    # ---- making one

    @classmethod
    def from_conda_specification(
        cls, path: Path | str | None = None, *, text: str | None = None, settings: Settings | None = None
    ) -> Environment:
        """From an ``environment.yml``: a file, or its ``text``. Raises ``ManifestError``."""
        if text is not None:
            from resolver.manifests import parse_environment_yml

            return _made(parse_environment_yml(text, source="<text>"), settings)
        return _from_file(path, settings)

    @classmethod
    def from_pip_requirements(
        cls, path: Path | str | None = None, *, text: str | None = None, settings: Settings | None = None
    ) -> Environment:
        """From a requirements file: a path, or its ``text``. Raises ``ManifestError``."""
        if text is not None:
            from resolver.manifests import parse_requirements_txt

            return _made(parse_requirements_txt(text, source="<text>"), settings)
        return _from_file(path, settings)

    @classmethod
    def from_existing_conda_environment(cls, prefix: Path | str, *, settings: Settings | None = None) -> Environment:
        """From a conda prefix on disk: the packages that are installed there, at their versions."""
        from resolver.manifests.conda_prefix import read_conda_prefix

        return cls(spec=read_conda_prefix(Path(prefix)), settings=settings or Settings())

    # ---- changing one

    def add_conda_package(self, spec: str, *, group: str = MAIN) -> Environment:
        """With one more conda spec, in any form that environment.yml takes."""
        from resolver.manifests.conda_spec import parse_conda_spec

        parsed = parse_conda_spec(spec, origin=_IN_CODE, group=group)
        return replace(self, spec=replace(self.spec, conda=(*self.spec.conda, parsed)))

    def add_pip_package(self, requirement: str, *, group: str = MAIN) -> Environment:
        """With one more requirement (PEP 508)."""
        from resolver.manifests import parse_requirements_txt

        read = parse_requirements_txt(requirement, source=_IN_CODE.source).pip
        if len(read) != 1:
            raise ManifestError(f"not one requirement: {requirement!r}", origin=_IN_CODE)
        parsed = replace(read[0], group=group)
        return replace(self, spec=replace(self.spec, pip=(*self.spec.pip, parsed)))

    def add_wheel(self, path: Path | str, *, group: str = MAIN) -> Environment:
        """With a wheel from disk. Raises ``ManifestError`` if the file is not there or is no wheel."""
        wheel = Path(path).absolute()
        if wheel.suffix != ".whl" or not wheel.is_file():
            raise ManifestError(f"{path} is not a wheel", hint="give the path of a .whl file")
        name = wheel.name.split("-", 1)[0]
        return self.add_pip_package(f"{name} @ {wheel.as_uri()}", group=group)

    # ---- what is settled about it

    @property
    def channels(self) -> tuple[str, ...]:
        """Canonical channel URLs in order: the options', else the manifest's, else the settings'."""
        if not self.spec.conda:
            return ()
        from resolver.conda import expand_defaults

        return expand_defaults(self.options.channels or self.spec.channels or self.settings.channels)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms with their virtual packages: defaults, under the settings, under ``CONDA_OVERRIDE_*``."""
        subdirs = self.options.platforms or self.spec.platforms or self.settings.platforms
        virtual = dict(self.settings.virtual_packages)
        return tuple(
            Platform.of(
                subdir, {**dict(virtual.get(subdir, ())), **overrides_from_environment(dict(self.overrides), subdir)}
            )
            for subdir in sorted(dict.fromkeys(subdirs))
        )

    @property
    def lockfile(self) -> Path:
        return self.directory / self.settings.lockfile

    def index_urls(self, session: Session) -> tuple[str, ...]:
        """The indexes in the order in which they are asked. An extra index comes first, so that what a private
        index has is never taken from the public one; the first that has a project owns it."""
        main = self.index_url or session.default_index_url()
        return tuple(dict.fromkeys((*self.extra_index_urls, main)))

    @property
    def index_url(self) -> str | None:
        """The main index, where the options, the manifest or the settings name one."""
        return self.options.index_url or self.spec.index.index_url or self.settings.index_url

    @property
    def extra_index_urls(self) -> tuple[str, ...]:
        """The indexes that are asked before the main one."""
        named = self.options.extra_index_urls or self.spec.index.extra_index_urls
        return named or self.settings.extra_index_urls

    @property
    def find_links(self) -> tuple[str, ...]:
        """The URLs of folders and pages of files, which are asked before any index."""
        return self.options.find_links or self.spec.index.find_links or self.settings.find_links

    @property
    def file_policy(self) -> FilePolicy:
        """Which files of PyPI projects may be used. What the manifest says of a project's format comes before the
        settings, and options win over both. Raises ``SettingsError`` where one place says both of one project."""
        from resolver.solver.policy import FilePolicy, overrides_by_name

        only_binary, no_binary = self._formats()
        return FilePolicy(
            only_binary=only_binary,
            no_binary=no_binary,
            builds=frozenset(self.settings.allow_builds),
            take_untimed=self.settings.missing_time == "take",
            overrides=overrides_by_name(self._overriding()),
        )

    def _overriding(self) -> tuple[PypiRequirement, ...]:
        if not self.settings.overrides:
            return ()
        from resolver.manifests import parse_requirements_txt

        return parse_requirements_txt("\n".join(self.settings.overrides), source="overrides").pip

    def _formats(self) -> tuple[frozenset[str], frozenset[str]]:
        own_only, own_no = set(self.options.only_binary or ()), set(self.options.no_binary or ())
        only_binary: set[str] = set()
        no_binary: set[str] = set()
        for only, no in (
            # the settings have the options in them already
            (set(self.settings.only_binary) - own_no, set(self.settings.no_binary) - own_only),
            (set(self.spec.index.only_binary), set(self.spec.index.no_binary)),
            (own_only, own_no),
        ):
            if only & no:
                raise SettingsError(
                    f"both only-binary and no-binary name {min(only & no)}", hint="take one of them out"
                )
            only_binary = (only_binary - no) | only
            no_binary = (no_binary - only) | no
        return frozenset(only_binary), frozenset(no_binary)

    @property
    def portable_spec(self) -> EnvironmentSpec:
        """The declared environment with local folders named relative to the folder of the lock, so that the lock is the
        same on every machine."""
        if not any(requirement.url for requirement in self.spec.pip):
            return self.spec
        from resolver.source_trees import is_folder_url, portable_url

        base = self.lockfile.parent
        pip = tuple(
            replace(r, url=portable_url(r.url, base)) if r.url is not None and is_folder_url(r.url) else r
            for r in self.spec.pip
        )
        return replace(self.spec, pip=pip)

    def session(self, *, offline: bool = False, refresh: bool = False) -> Session:
        """The outside world as these settings see it. Close it, or use it as a context manager."""
        return Session.for_settings(self.settings, offline=offline, refresh=refresh)

    def lock(
        self, *, session: Session | None = None, previous: Lock | None = None, upgrade: Sequence[str] = ()
    ) -> Lock:
        """Solve: see ``resolver.lock``."""
        from resolver.locking import lock

        return lock(self, session=session, previous=previous, upgrade=upgrade)


def read_environment(
    *sources: Path | str,
    directory: Path | str | None = None,
    name: str | None = None,
    options: SettingsLayer | None = None,
    environ: Mapping[str, str] | None = None,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> Environment:
    """Read an environment with the settings in ``directory`` (default: the folder of the first source, else this one).

    ``sources`` are manifests (default: those of the settings, else the first of the usual names in the directory);
    ``name`` selects an ``[environments.NAME]`` table; ``options`` win over everything; ``texts`` stand in for
    manifests, by their path relative to the directory. Raises ``ManifestError`` and ``SettingsError``.
    """
    folder = Path(directory) if directory is not None else Path(sources[0]).parent if sources else Path()
    if not folder.is_dir():
        raise ManifestError(f"{folder}: there is no such folder")
    options = options or SettingsLayer()
    settings = read_settings(folder).for_environment(name).merged_with_options(options)
    given = [Path(source).absolute() for source in sources]
    chosen: Sequence[Path | str] = given or settings.sources or find_sources(folder)
    if not chosen:
        raise ManifestError(
            f"nothing to lock in {folder.absolute()}",
            hint="write an environment.yml, or name a manifest with -f",
        )
    under = _settings_in_manifests(chosen, folder, texts)
    if under != SettingsLayer():
        settings = read_settings(folder, under=under).for_environment(name).merged_with_options(options)
    spec = read_manifests(
        list(chosen),
        root=folder,
        platforms=options.platforms,
        extras=settings.extras,
        groups=settings.groups,
        texts=texts,
    )
    overrides = _conda_overrides(os.environ if environ is None else environ)
    spec = with_server(spec, settings.docker)
    return Environment(spec=spec, settings=settings, options=options, directory=folder, overrides=overrides)


def _settings_in_manifests(chosen: Sequence[Path | str], folder: Path, texts: Mapping[str, str]) -> SettingsLayer:
    """What a pixi.toml, or ``[tool.pixi]`` and ``[tool.uv]`` of a pyproject.toml, says where it is a manifest."""
    found: dict[str, SettingsLayer] = {}
    for path in chosen:
        source = Path(os.path.relpath(folder.absolute() / path, folder.absolute())).as_posix()
        file = folder / source
        if file.name not in HAVE_SETTINGS or not (source in texts or file.is_file()):
            continue  # one that is not there is for the reader of manifests to tell
        text = texts[source] if source in texts else read_text(file)
        from resolver.settings import manifest_layer

        layer = manifest_layer(text, source, directory=file.absolute().parent.as_posix())
        if layer != SettingsLayer():
            found[source] = layer
    if len(found) > 1:
        raise SettingsError(
            f"settings of the solve stand in each of {', '.join(found)}",
            hint="keep it in one of them, or say it in [tool.samebox] of the project",
        )
    return next(iter(found.values()), SettingsLayer())


def _conda_overrides(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in environ.items() if k.startswith("CONDA_OVERRIDE_")))


def _from_file(path: Path | str | None, settings: Settings | None) -> Environment:
    if path is None:
        raise ManifestError("no manifest is given", hint="give a path, or text=…")
    environment = read_environment(path)
    if settings is None:
        return environment
    return replace(environment, spec=with_server(environment.spec, settings.docker), settings=settings)


def _made(spec: EnvironmentSpec, settings: Settings | None) -> Environment:
    """What a text declares, with what these settings ask for besides."""
    settings = settings or Settings()
    return Environment(spec=with_server(spec, settings.docker), settings=settings)
