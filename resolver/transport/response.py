"""What comes back from a place."""

from __future__ import annotations

from collections.abc import Mapping

from resolver.values import dataclass

__all__ = ["Response"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """``status`` is 200, 206 (a part of a file), 304 (not modified), 404 or 410; names of ``headers`` are
    lower case.

    ``url`` is the canonical URL that was answered in the end, after redirects, without credentials.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def found(self) -> bool:
        return self.status not in (404, 410)

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case (``""``: not said)."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
