"""conda-lock's unified format, version 1 (``conda-lock.yml``): the default, because conda-lock, micromamba and
py-rattler read it already.

- The text is in one stable order, every version and hash is quoted, and equal locks are equal bytes.
- It has no field for several groups of one package: a row is repeated for each (as conda-lock does).
- It has none for how a lock came about: that is kept in ``metadata.custom_metadata`` under ``samebox.*``. What others
  keep there, and when, by whom and from what the file was made, is ``Lock.metadata``.
- A repository's commit stands in its url, and where the sha256 of a file stands (as conda-lock has it).
- conda rows need an md5; a row that is not from an index has a ``source`` (as conda-lock has it), from which
  conda-lock installs it.
- It has no place for the size of a file.
"""

from __future__ import annotations

from resolver.light_typing import TYPE_CHECKING
from resolver.locks.formats.conda_lock.writer import fit, losses, write
from resolver.locks.formats.protocol import ANYTHING, Asked, LockFormat

if TYPE_CHECKING:
    from resolver.model import Lock

__all__ = ["FORMAT"]


def _parse(text: str, source: str, asked: Asked = ANYTHING) -> Lock:
    # a first lock is written only: what reads YAML is imported when there is something to read
    from resolver.locks.formats.conda_lock.reader import parse

    return parse(text, source, asked)


FORMAT = LockFormat(
    name="conda-lock",
    file_names=("conda-lock.yml", "*conda-lock.yml"),
    parse=_parse,
    write=write,
    fit=fit,
    losses=losses,
)
