"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from resolver.errors import SettingsError
from resolver.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from resolver.environment import Environment
    from resolver.settings import Settings, SettingsLayer
    from resolver.settings.converters import Place

__all__ = [
    "DEFAULT_LOCK",
    "add_environment_arguments",
    "add_json_argument",
    "add_lock_argument",
    "add_network_arguments",
    "environment_of",
    "settings_beside",
    "settings_layer",
]

DEFAULT_LOCK = "conda-lock.yml"

_METADATA_CHOICES = ("timestamp", "git_sha", "git_user_name", "git_user_email", "input_md5", "input_sha")
"""Known without importing the settings (see ``METADATA_CHOICES`` there)."""


def add_environment_arguments(parser: argparse.ArgumentParser) -> None:
    """What selects and changes the environment."""
    add = parser.add_argument
    add("-f", "--file", action="append", default=[], metavar="FILE", help="a manifest; may be repeated")
    add("-e", "--environment", metavar="NAME", help="the [environments.NAME] of the settings")
    add("-p", "--platform", action="append", metavar="PLATFORM", help="lock for this platform; may be repeated")
    add("-c", "--channel", action="append", metavar="CHANNEL", help="a conda channel; may be repeated, first wins")
    add(
        "--channel-priority",
        choices=("strict", "flexible", "disabled"),
        help="whether a package comes from the first channel that has it only (default), first, or from any",
    )
    add("--lockfile", metavar="FILE", help="the lock file (default: conda-lock.yml)")
    add("--index-url", metavar="URL", help="the PyPI index (simple API)")
    add("--extra-index-url", action="append", metavar="URL", help="an index that is asked before it")
    add("--python", metavar="VERSION", help="the Python to choose wheels for, where no conda python is locked")
    add("--exclude-newer", metavar="TIME", help="an instant, a date or a span (7 days): take nothing newer")
    add("--missing-time", choices=("refuse", "take"), help="what becomes of what has no time, under a cut-off")
    add(
        "--metadata",
        "--md",
        action="append",
        choices=_METADATA_CHOICES,
        help="what the lock says about its own file; may be repeated (conda-lock.yml alone has a place for it)",
    )
    add("--find-links", action="append", metavar="PLACE", help="a folder or page of files that is asked first")
    add("--only-binary", action="append", metavar="NAMES", help="take only wheels of these (:all: for all)")
    add("--no-binary", action="append", metavar="NAMES", help="take only source distributions of these")
    add(
        "--allow-builds",
        action="append",
        nargs="?",
        const=":all:",
        metavar="NAMES",
        help="build metadata that cannot be known otherwise, of these or of all; runs their code",
    )
    add(
        "--virtual-package",
        action="append",
        metavar="PLATFORM:NAME=VERSION",
        help="a virtual package, as linux-64:__cuda=12.4; without =VERSION it is removed",
    )
    add("--directory", metavar="DIR", help="the project's folder (default: that of the first -f, else this one)")


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="use the caches only, however old they are")
    parser.add_argument("--refresh", action="store_true", help="take no index page or repodata from the caches")


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def add_lock_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lock", nargs="?", default=DEFAULT_LOCK, metavar="LOCK", help=f"default: {DEFAULT_LOCK}")


def environment_of(options: argparse.Namespace, texts: Mapping[str, str] = MappingProxyType({})) -> Environment:
    """The environment that the options select, with the options on top of its settings; ``texts`` stand in for the
    manifests at these paths. Raises ``SettingsError``."""
    from resolver.environment import read_environment

    return read_environment(
        *options.file,
        texts=texts,
        directory=options.directory,
        name=options.environment,
        options=settings_layer(options),
    )


def settings_layer(options: argparse.Namespace) -> SettingsLayer:
    """What the options say, to be laid over the settings. Raises ``SettingsError``."""
    from resolver.settings import SettingsLayer

    _refuse_wrong_values(options)
    return SettingsLayer(
        platforms=tuple(options.platform) if options.platform else None,
        channels=tuple(options.channel) if options.channel else None,
        lockfile=str(Path(options.lockfile).absolute()) if options.lockfile else None,
        index_url=options.index_url,
        extra_index_urls=tuple(options.extra_index_url) if options.extra_index_url else None,
        python=options.python,
        exclude_newer=options.exclude_newer,
        virtual_packages=_virtual_packages(options.virtual_package or []),
        channel_priority=options.channel_priority,
        missing_time=options.missing_time,
        metadata=tuple(dict.fromkeys(options.metadata)) if options.metadata else None,
        find_links=_read_all("--find-links", options.find_links, _place_of_files),
        only_binary=_read_all("--only-binary", _split(options.only_binary), _project),
        no_binary=_read_all("--no-binary", _split(options.no_binary), _project),
        allow_builds=_read_all("--allow-builds", _split(options.allow_builds), _project),
    )


def settings_beside(lock: Path) -> Settings:
    """The settings in the lock's folder: where its mirrors and its [docker] section are."""
    from resolver.settings import read_settings

    return read_settings(lock.absolute().parent)


def _refuse_wrong_values(options: argparse.Namespace) -> None:
    """The settings are judged where they are read; the options say the same things and are judged here."""
    if _plainly_right(options):
        return
    from resolver.settings import converters

    for option, values, read in (
        ("--platform", options.platform, converters.platform),
        ("--channel", options.channel, converters.channel),
        ("--index-url", [options.index_url], converters.index_url),
        ("--extra-index-url", options.extra_index_url, converters.index_url),
        ("--python", [options.python], converters.python_version),
        ("--exclude-newer", [options.exclude_newer], converters.cut_off),
    ):
        for value in values or ():
            if value is not None:
                read(value, _place(option))


def _plainly_right(options: argparse.Namespace) -> bool:
    """Whether that can be told without what reads settings, as most often."""
    from resolver.settings.places import channel_problem, platform_problem, python_problem

    others = (options.index_url, options.extra_index_url, options.exclude_newer)
    problems = (
        *map(platform_problem, options.platform or ()),
        *map(channel_problem, options.channel or ()),
        *(map(python_problem, (options.python,)) if options.python is not None else ()),
    )
    return all(value is None for value in others) and not any(problems)


def _project(value: object, place: Place) -> str:
    from resolver.settings.pypi_converters import project

    return project(value, place)


def _place_of_files(value: object, place: Place) -> str:
    from resolver.settings.pypi_converters import find_links

    return find_links(value, place)


def _split(values: list[str] | None) -> list[str] | None:
    """Names may stand behind each other with commas, as pip has them."""
    return None if values is None else [name for value in values for name in value.split(",") if name]


def _read_all(option: str, values: list[str] | None, read: Callable[[object, Place], str]) -> tuple[str, ...] | None:
    return None if values is None else tuple(dict.fromkeys(read(value, _place(option)) for value in values))


def _place(option: str) -> Place:
    from resolver.settings.converters import Place
    from resolver.settings.toml_lines import TomlLines

    return Place(source=option, lines=TomlLines(""), path=(), directory=Path.cwd().as_posix())


def _virtual_packages(texts: list[str]) -> tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] | None:
    if not texts:
        return None
    from resolver.platforms import virtual_version_problem
    from resolver.settings.converters import platform as read_platform

    found: dict[str, dict[str, str | None]] = {}
    for text in texts:
        platform, colon, package = text.partition(":")
        name, _, version = package.partition("=")
        if not colon or not name.startswith("__"):
            raise SettingsError(
                f"--virtual-package {text}: not of the form PLATFORM:NAME=VERSION",
                hint="write linux-64:__cuda=12.4",
            )
        read_platform(platform, _place("--virtual-package"))
        if problem := virtual_version_problem(name, version) if version else None:
            raise SettingsError(f"--virtual-package {text}: {problem}")
        found.setdefault(platform, {})[name] = version or None
    return tuple((platform, tuple(packages.items())) for platform, packages in found.items())
