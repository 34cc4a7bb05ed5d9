"""The HTML form of the simple API (PEP 503, 592, 629, 658, 714): text → ``ProjectPage``."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from resolver.indexes.protocol import DistributionFile, ProjectPage
from resolver.indexes.simple_json import check_api_version, checked_filename, sha256_of

__all__ = ["parse_html_page"]

_Attributes = dict[str, str | None]


def parse_html_page(content: str, *, name: str, index: str, source: str, resolve: Callable[[str], str]) -> ProjectPage:
    """Read the page of the project ``name`` (normalised), which came from the URL ``source``.

    ``resolve`` turns a link of the page into a canonical URL. HTML has no place for sizes and upload times.
    Raises ``IndexUnavailable`` for another major version or a hash that is none.
    """
    parser = _PageParser()
    parser.feed(content)
    parser.close()
    if parser.version is not None:
        check_api_version(parser.version, source)

    base = resolve(parser.base) if parser.base else ""

    def joined(link: str) -> str:
        return resolve(urljoin(base, link) if base else link)

    files = (_file(anchor, source, joined) for anchor in parser.anchors)
    return ProjectPage(name=name, index=index, files=tuple(file for file in files if file is not None))


class _PageParser(HTMLParser):
    """Collects the anchors, the base URL and the repository version."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.anchors: list[_Attributes] = []
        self.base = ""
        self.version: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a" and attributes.get("href"):
            self.anchors.append(attributes)
        elif tag == "base" and not self.base:
            self.base = attributes.get("href") or ""
        elif tag == "meta" and attributes.get("name") == "pypi:repository-version":
            self.version = attributes.get("content") or ""


def _file(attributes: _Attributes, source: str, resolve: Callable[[str], str]) -> DistributionFile | None:
    link, _, fragment = (attributes["href"] or "").strip().partition("#")
    url = resolve(link)
    filename = unquote(urlsplit(url).path.rpartition("/")[2])
    if not filename:  # a link to another page, such as the one upwards
        return None
    return DistributionFile(
        filename=checked_filename(filename, source),
        url=url,
        sha256=sha256_of(dict(parse_qsl(fragment)), filename, source),
        requires_python=attributes.get("data-requires-python") or None,
        yanked=attributes["data-yanked"] or "" if "data-yanked" in attributes else None,
        metadata_sha256=_metadata_sha256(attributes, filename, source),
    )


def _metadata_sha256(attributes: _Attributes, filename: str, source: str) -> str | None:
    """PEP 714: ``data-core-metadata`` wins over the older name; ``true`` promises without a hash."""
    for key in ("data-core-metadata", "data-dist-info-metadata"):
        if key in attributes:
            value = attributes[key] or ""
            if value == "false":
                return None
            return sha256_of(dict(parse_qsl(value)), filename, source) or ""
    return None
