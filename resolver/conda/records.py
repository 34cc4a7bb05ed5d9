"""A repodata record as a value of ours: py-rattler's cannot be pickled, compared or made without it."""

from __future__ import annotations

from resolver.light_typing import TYPE_CHECKING
from resolver.values import dataclass

if TYPE_CHECKING:
    from rattler import RepoDataRecord

__all__ = ["CondaRecord", "from_rattler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRecord:
    """One conda package as a channel describes it (CEP 26 names, repodata.json fields).

    ``url`` is canonical; ``noarch`` is ``python``, ``generic`` or ``None``; ``timestamp`` (when it was built) and
    ``uploaded`` (repodata's ``indexed_timestamp``) are in milliseconds.
    """

    name: str
    version: str
    build: str
    subdir: str
    file_name: str
    url: str
    sha256: str | None
    md5: str | None
    size: int | None
    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    noarch: str | None
    timestamp: int | None
    uploaded: int | None = None


def from_rattler(record: RepoDataRecord, *, url: str) -> CondaRecord:
    """Copy what we keep out of py-rattler's record; ``url`` is the canonical one."""
    return CondaRecord(
        name=record.name.normalized,
        version=str(record.version),
        build=str(record.build),
        subdir=record.subdir,
        file_name=record.file_name,
        url=url,
        sha256=record.sha256.hex() if record.sha256 else None,
        md5=record.md5.hex() if record.md5 else None,
        size=record.size,
        depends=tuple(record.depends),
        constrains=tuple(record.constrains),
        noarch="python" if record.noarch.python else "generic" if record.noarch.generic else None,
        timestamp=int(record.timestamp.timestamp() * 1000) if record.timestamp else None,
        uploaded=int(record.indexed_timestamp.timestamp() * 1000) if record.indexed_timestamp else None,
    )
