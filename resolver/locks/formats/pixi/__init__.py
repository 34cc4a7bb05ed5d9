"""pixi's lock, ``pixi.lock``: version 6 is written unless 7 is asked for, versions 3 to 7 are read.

- A file may hold several environments: one is read (``default``, unless asked for another), and ours is ``default``.
- It names channels, and all that says where a package is and what it needs; it has no place for tools, so that the
  name of the lock, its sources and the evidence are kept beside it.
- The digest of a folder's content has no place either: a lock with folders does not fit.
- Bytes are those of the crate rattler_lock, which pixi and py-rattler are built on.
"""

from __future__ import annotations

from functools import partial

from resolver.locks.formats.pixi.fit import fit
from resolver.locks.formats.pixi.reader import SILENT_ON, environments, parse
from resolver.locks.formats.pixi.writer import write
from resolver.locks.formats.protocol import LockFormat

__all__ = ["FORMAT", "PIXI_7"]

FORMAT = LockFormat(
    name="pixi",
    file_names=("pixi.lock",),
    parse=parse,
    write=partial(write, version=6),
    fit=partial(fit, version=6),
    silent_on=SILENT_ON,
    environments=environments,
)

PIXI_7 = LockFormat(
    name="pixi-v7",
    file_names=(),
    parse=parse,
    write=partial(write, version=7),
    fit=partial(fit, version=7),
    silent_on=SILENT_ON,
    environments=environments,
)
