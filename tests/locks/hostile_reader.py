"""Reads the texts of ``hostile`` in a process of its own, since what is to be feared ends the process.

python -m tests.locks.hostile_reader FORMAT (broken | smuggled): one line of JSON a case, as it is done
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator

from resolver.errors import LockFormatError
from resolver.locks.formats import FORMATS, LockFormat
from resolver.model import Lock
from tests.locks.hostile import BROKEN, SMUGGLED, kind_of_text, victim

__all__ = ["SOURCE"]

SOURCE = "the-lock"

_MEMORY = 3 << 30
_SECONDS = 240


def _main(name: str, which: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    lock_format = next(f for f in FORMATS if f.name == name)
    for case, text in _texts(lock_format, which):
        started = time.process_time()
        verdict, told = _verdict(lock_format, text)
        seconds = time.process_time() - started
        print(json.dumps({"case": case, "verdict": verdict, "told": told, "seconds": seconds}), flush=True)  # noqa: T201


def _texts(lock_format: LockFormat, which: str) -> Iterator[tuple[str, str]]:
    if which == "broken":
        for case, make in BROKEN[kind_of_text(lock_format)].items():
            yield case, make()
        return
    text = victim(lock_format) or ""
    for case, (old, new) in SMUGGLED.items():
        if old not in text:
            raise AssertionError(f"there is no {old} in {text}")
        yield case, text.replace(old, new)


def _verdict(lock_format: LockFormat, text: str) -> tuple[str, str]:
    try:
        lock = lock_format.parse(text, SOURCE)
    except LockFormatError as error:
        return "refused", str(error)
    bad = [
        text[:80] for text in _names(lock) if "/" in text or "\\" in text or not text.isprintable() or len(text) > 512
    ]
    bad += [p.url[:80] for locked in lock.platforms for p in locked.packages if not p.url.isprintable()]
    return ("harmful", repr(bad)) if bad else ("harmless", "")


def _names(lock: Lock) -> Iterator[str]:
    for locked in lock.platforms:
        for p in locked.packages:
            yield from (text for text in (p.name, p.version, p.build, p.subdir, p.file_name, *p.groups) if text)


if __name__ == "__main__":
    _main(*sys.argv[1:])
