"""PEP 508 requirements and hashes, with errors that say where and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from resolver.errors import ManifestError
from resolver.model import Origin
from resolver.plain import normalize

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["check_hash", "parse_pep508", "sorted_extras"]

_HASH = r"(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\Z"


def parse_pep508(text: str, origin: Origin) -> Requirement:
    """The requirement in ``text``. Raises ``ManifestError`` with ``origin``."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement as error:
        reason = " ".join(str(error).split("\n")[0].split())
        raise ManifestError(f"not a requirement: {text!r}: {reason}", origin=origin, hint=_hint(text)) from error


def _hint(text: str) -> str | None:
    if re.search(r"[A-Za-z0-9]\s*=\s*[0-9]", text) and "==" not in text:
        return "pip's requirements take '==' where conda takes '='"
    if "::" in text:
        return "a channel belongs to a conda dependency, outside of the 'pip:' section"
    return None


def sorted_extras(extras: Iterable[str]) -> tuple[str, ...]:
    """Extras as they are compared (PEP 685), each once."""
    return tuple(sorted(set(map(normalize, extras))))


def check_hash(value: str, origin: Origin) -> str:
    """``value`` itself, if it is ``algorithm:hex`` of an algorithm that can be trusted."""
    if not re.match(_HASH, value):
        raise ManifestError(f"not a hash: {value!r}", origin=origin, hint="write --hash=sha256:<64 hex digits>")
    return value
