"""Names of images: ``[host[:port]/]repository[:tag][@sha256:…]``, read by the rules of docker's
``distribution/reference``.

The first part is a host where it has a dot, a colon or an upper-case letter, or is ``localhost``; else the image is on
Docker Hub (``docker.io``), and below ``library/`` where its repository has one part only.
"""

from __future__ import annotations

import re

from resolver.errors import ResolverError
from resolver.values import dataclass, replace

__all__ = ["DEFAULT_REGISTRY", "DEFAULT_TAG", "Reference", "checked_digest", "checked_repository"]

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::(?P<port>[0-9]+))?")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_LONGEST_REPOSITORY = 255
_LARGEST_PORT = 65535
_SHOWN = 120
_OTHER_REGISTRY_NAMES = {"index.docker.io": DEFAULT_REGISTRY, "registry-1.docker.io": DEFAULT_REGISTRY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image in a registry. ``registry`` is ``host[:port]``; ``digest``, ``sha256:<hex>``, wins over ``tag``; with
    neither, the tag ``latest`` is meant. Raises ``ResolverError`` for what cannot be."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    def __post_init__(self) -> None:
        host = _HOST.fullmatch(self.registry)
        _refuse(host is None, self.registry, "not the host of a registry (host or host:port)")
        port = host["port"] if host is not None else None
        _refuse(port is not None and not 0 < int(port[:6]) <= _LARGEST_PORT, self.registry, "no such port")
        checked_repository(self.repository)
        _refuse(
            self.tag is not None and not _TAG.fullmatch(self.tag),
            self.tag or "",
            "not a tag (up to 128 of letters, digits, '_', '.' and '-', and neither '.' nor '-' first)",
        )
        if self.digest is not None:
            checked_digest(self.digest)

    @staticmethod
    def parse(text: str) -> Reference:
        """Read a reference as a person writes it. Raises ``ResolverError`` that says what is wrong with it."""
        _refuse("://" in text, text, "a reference to an image has no scheme", hint="leave out what ends in ://")
        _refuse(bool(_HEX64.fullmatch(text)), text, "64 hex digits are no name; write repository@sha256:…")
        named, at, digest = text.partition("@")
        registry, rest = _split_registry(named)
        repository, colon, tag = rest.partition(":")
        if registry == DEFAULT_REGISTRY and "/" not in repository:
            repository = f"library/{repository}"
        try:
            return Reference(
                registry=registry,
                repository=repository,
                tag=tag if colon else None,
                digest=digest if at else None,
            )
        except ResolverError as error:
            shown = _shown(text)
            raise ResolverError(f"{shown}: no reference to an image: {error.message}", hint=error.hint) from None

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What a registry is asked for: the digest, else the tag, else ``latest``."""
        return self.digest or self.tag or DEFAULT_TAG

    def at(self, digest: str) -> Reference:
        """The manifest of that digest in the same repository."""
        return replace(self, tag=None, digest=digest)

    def tagged(self, tag: str) -> Reference:
        """That tag in the same repository."""
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        """In full, for messages, records and ``FROM``."""
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.name}{tag}{digest}"


def checked_digest(text: str) -> str:
    """``text`` if it is ``sha256:`` and 64 lower-case hex digits. Raises ``ResolverError``."""
    _refuse(not _DIGEST.fullmatch(text), text, "not a digest (sha256: and 64 lower-case hex digits)")
    return text


def checked_repository(text: str) -> str:
    """``text`` if it is the name of a repository. Raises ``ResolverError``."""
    _refuse(
        text != text.lower() and bool(_REPOSITORY.fullmatch(text.lower())),
        text,
        "the repository must be lower case",
    )
    _refuse(
        not _REPOSITORY.fullmatch(text),
        text,
        "not a repository (lower-case letters and digits, with '.', '_', '__' or '-' between them, parted by '/')",
    )
    _refuse(len(text) > _LONGEST_REPOSITORY, text, f"a repository has at most {_LONGEST_REPOSITORY} characters")
    return text


def _split_registry(named: str) -> tuple[str, str]:
    first, slash, rest = named.partition("/")
    is_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    if not slash or not is_host:
        return DEFAULT_REGISTRY, named
    return _OTHER_REGISTRY_NAMES.get(first, first), rest


def _refuse(condition: bool, text: str, message: str, *, hint: str | None = None) -> None:
    if condition:
        raise ResolverError(f"{_shown(text)}: {message}", hint=hint)


def _shown(text: str) -> str:
    """Fit for a message: what may be a password before an ``@`` is not shown, nor are controls."""
    credentials = re.match(r"(?:[a-z+.-]+://)?[^/@\s]*:[^/@\s]*@(?!sha256:)", text)
    if credentials is not None:
        text = text[credentials.end() :]
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return repr(shown)
