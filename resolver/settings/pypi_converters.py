"""From a TOML value to the value of a setting, for those that concern PyPI alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from urllib.parse import quote

from resolver.plain import normalize
from resolver.settings.converters import Place, index_url, table, text, texts
from resolver.settings.places import nearest, secret_problem

__all__ = ["ALL_PROJECTS", "allow_builds", "find_links", "index_for", "one_of", "override", "project"]

ALL_PROJECTS = ":all:"

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z"


def project(value: object, place: Place) -> str:
    """A project's name, normalised, or ``:all:``."""
    name = text(value, place)
    if name != ALL_PROJECTS and not re.match(_NAME, name):
        raise place.error(f"not a project name or :all:: {name!r}")
    return name if name == ALL_PROJECTS else normalize(name)


def allow_builds(value: object, place: Place) -> tuple[str, ...]:
    """``true`` for all projects, ``false`` for none, or a list of them."""
    if isinstance(value, bool):
        return (ALL_PROJECTS,) if value else ()
    if not isinstance(value, list):
        raise place.expected("true, false or a list of project names", value)
    return texts(project)(value, place)


def find_links(value: object, place: Place) -> str:
    """A URL, or a folder relative to that of the settings, as a URL."""
    where = text(value, place)
    problem = secret_problem(where)
    if problem:
        raise place.error(problem)
    if where.startswith(("https://", "http://", "file://")):
        return where
    if "://" in where:
        raise place.error(f"expected a folder or a URL, got {where!r}")
    return "file://" + quote(posixpath.normpath(posixpath.join(place.directory, where)))


def index_for(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    """Project → the URL of the only index that is asked for it."""
    found: dict[str, str] = {}
    for name, url in table(value, place).items():
        here = place.below(name)
        if not re.match(_NAME, name):
            raise here.error(f"not a project name: {name!r}")
        if normalize(name) in found:
            raise here.error(f"{name} stands there twice")
        found[normalize(name)] = index_url(url, here)
    return tuple(sorted(found.items()))


def override(value: object, place: Place) -> str:
    """A PEP 508 requirement without a URL."""
    from packaging.requirements import InvalidRequirement, Requirement

    written = text(value, place)
    try:
        requirement = Requirement(written)
    except InvalidRequirement as error:
        reason = str(error).split("\n")[0]
        raise place.error(f"not a requirement: {written!r}: {reason}") from error
    if requirement.url is not None:
        raise place.error(f"an override is a version and no URL: {written!r}", hint="ask for the URL in the manifest")
    return written


def one_of(*words: str) -> Callable[[object, Place], str]:
    """One of these words."""

    def convert(value: object, place: Place) -> str:
        word = text(value, place)
        if word not in words:
            raise place.error(f"expected {' or '.join(words)}, got {word!r}", hint=nearest(word, words))
        return word

    return convert
