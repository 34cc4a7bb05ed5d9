"""Mirrors: where the bytes of a canonical URL really lie.

A lock holds canonical URLs only. ``locate`` goes from there to the place to read from, ``canonical`` comes
back.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from resolver.errors import SettingsError
from resolver.values import dataclass

__all__ = ["Mirrors"]

_TOKEN = r"/t/\$\{[A-Za-z_][A-Za-z0-9_]*\}(?=/|\Z)"
"""How conda's servers are given a token."""


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Rules ``(canonical URL prefix, place)``; a place is an http(s) or file URL, or an absolute folder path.

    The longest prefix wins, and a prefix matches at a path boundary only: ``https://a/simple`` covers
    ``https://a/simple/x`` and not ``https://a/simpler``. Raises ``SettingsError`` for a rule that cannot be
    meant.
    """

    rules: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        cleaned = tuple((prefix.rstrip("/"), _clean_place(prefix, place)) for prefix, place in self.rules)
        prefixes = [prefix for prefix, _ in cleaned]
        for prefix in prefixes:
            if "://" not in prefix:
                raise SettingsError(f"mirrors: not a URL: {prefix!r}", hint="write https://… in full")
            if prefixes.count(prefix) > 1:
                raise SettingsError(f"mirrors: {prefix} has two places")
        object.__setattr__(self, "rules", tuple(sorted(cleaned, key=lambda rule: (-len(rule[0]), rule[0]))))

    def locate(self, url: str) -> str | Path:
        """The place of a canonical ``url``: a URL to ask, or a path where it lies in a folder.

        Raises ``SettingsError`` for a URL whose dots lead out of the mirror's folder.
        """
        for prefix, place in self.rules:
            rest = _below(url, prefix)
            if rest is not None:
                return place + rest if "://" in place else _inside(Path(place), rest, url)
        return _file_path(url) if url.startswith("file:") else url

    def canonical(self, location: str) -> str:
        """The canonical URL of an http(s) or file URL that lies beneath a mirror's place; others come back as
        they are. It undoes ``locate``; where two rules share a place, the first by prefix length is taken."""
        for prefix, place in sorted(self.rules, key=lambda rule: -len(rule[1])):
            rest = _below(location, _as_url(place))
            if rest is not None:
                return prefix + rest
        return location


def _clean_place(prefix: str, place: str) -> str:
    if place.startswith("file:"):
        place = str(_file_path(place))
    if "://" in place:
        if not place.startswith(("http://", "https://")):
            raise SettingsError(f"mirrors: {prefix}: a place is http(s)://…, file://… or a folder, not {place!r}")
        return place.rstrip("/")
    if not Path(place).is_absolute():
        raise SettingsError(f"mirrors: {prefix}: the folder {place!r} is not an absolute path")
    return place.rstrip("/") or "/"


def _as_url(place: str) -> str:
    """A place as the URLs beneath it begin, which is without its credentials."""
    if "://" not in place:
        return Path(place).as_uri()
    scheme, _, rest = re.sub(_TOKEN, "", place).partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _below(url: str, prefix: str) -> str | None:
    """What ``url`` has after ``prefix``: empty or with a leading slash (``None``: not beneath it)."""
    rest = url[len(prefix) :]
    return rest if url.startswith(prefix) and rest[:1] in ("", "/") else None


def _inside(folder: Path, rest: str, url: str) -> Path:
    path = unquote(urlsplit(rest).path)
    if ".." in path.split("/"):
        raise SettingsError(f"{url}: leads out of its mirror {folder}")
    return Path(str(folder) + path.rstrip("/")) if path.rstrip("/") else folder


def _file_path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise SettingsError(f"{url}: a file URL of another machine", hint=f"write file://{quote(parts.path)}")
    return Path(unquote(parts.path))
