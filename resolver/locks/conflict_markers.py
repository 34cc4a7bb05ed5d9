"""git's conflict markers in the file of a lock, and the two sides that they part."""

from __future__ import annotations

import re

from resolver.errors import LockFormatError
from resolver.model import Origin
from resolver.values import dataclass

__all__ = [
    "ConflictMarkers",
    "Sides",
    "conflict_text",
    "has_conflict_markers",
    "refuse_conflict_markers",
    "split_sides",
]

_OPENING = re.compile(r"^(?P<marks><{7,})(?: (?P<label>[^\r\n]*))?\r?$", re.MULTILINE)
_HINT = "run `samebox lock`: it locks again from the manifest, and keeps what both sides agree on"


class ConflictMarkers(LockFormatError):
    """A lock with git's conflict markers: it is no lock, and two are in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The texts of both sides; ``base`` where the conflict style shows it (diff3, zdiff3)."""

    ours: str
    theirs: str
    base: str | None = None


def has_conflict_markers(text: str) -> bool:
    return "<<<<<<<" in text and _OPENING.search(text) is not None


def refuse_conflict_markers(text: str, source: str) -> None:
    """Raise ``ConflictMarkers`` with the line of the first marker, if there is one."""
    opening = _OPENING.search(text) if "<<<<<<<" in text else None
    if opening is not None:
        line = text.count("\n", 0, opening.start()) + 1
        raise ConflictMarkers(
            "this lock has git's conflict markers", origin=Origin(source=source, line=line), hint=_HINT
        )


def split_sides(text: str, source: str) -> Sides:
    """The two sides of a text with conflict markers, and the base if it shows one for each conflict. What stands
    outside of the conflicts is in all of them. Raises ``LockFormatError`` for a conflict that does not end."""
    parts: dict[str, list[str]] = {"ours": [], "base": [], "theirs": []}
    within: str | None = None
    size, opened, with_base, all_with_base = 0, 0, False, True
    for number, line in enumerate(_lines(text), start=1):
        bare = line.rstrip("\r\n")
        if within is None:
            opening = _OPENING.match(bare)
            if opening is not None:
                within, size, opened, with_base = "ours", len(opening["marks"]), number, False
                continue
            for lines in parts.values():
                lines.append(line)
        elif within == "ours" and _is_marker(bare, "|", size):
            within, with_base = "base", True
        elif within in ("ours", "base") and bare == "=" * size:
            within, all_with_base = "theirs", all_with_base and with_base
        elif within == "theirs" and _is_marker(bare, ">", size):
            within = None
        else:
            parts[within].append(line)
    if within is not None:
        raise LockFormatError(
            "this conflict does not end", origin=Origin(source=source, line=opened), hint="restore the file from git"
        )
    base = "".join(parts["base"]) if all_with_base else None
    return Sides(ours="".join(parts["ours"]), theirs="".join(parts["theirs"]), base=base)


def _lines(text: str) -> list[str]:
    """The lines as git has them: they end at line feeds only."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _is_marker(line: str, mark: str, size: int) -> bool:
    return line.startswith(mark * size) and line[size : size + 1] in ("", " ")


def conflict_text(sides: Sides) -> str:
    """Both sides in one text with conflict markers, from which ``split_sides`` gives back each as it was. Only the
    lines that all begin and end with stand outside: a line that is in the middle of both says nothing by itself."""
    texts = [text for text in (sides.ours, sides.base, sides.theirs) if text is not None]
    split = [_lines(text) for text in texts]
    first = _common(split)
    last = _common([lines[first:][::-1] for lines in split])
    middles = [_ended(lines[first : len(lines) - last]) for lines in split]
    whole = split[0]
    base = f"||||||| base\n{middles[1]}" if sides.base is not None else ""
    return (
        f"{''.join(whole[:first])}<<<<<<< ours\n{middles[0]}{base}=======\n{middles[-1]}>>>>>>> theirs\n"
        f"{''.join(whole[len(whole) - last :])}"
    )


def _common(texts: list[list[str]]) -> int:
    """How many lines all of them begin with."""
    count = 0
    for lines in zip(*texts, strict=False):
        if len(set(lines)) > 1:
            break
        count += 1
    return count


def _ended(lines: list[str]) -> str:
    text = "".join(lines)
    return text if not text or text.endswith("\n") else f"{text}\n"
