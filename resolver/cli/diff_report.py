"""The comparison of two locks as text, as Markdown for pull requests, and as JSON.

What comes from locks is foreign: it is shown so that it can do nothing to a terminal or to a page.

The JSON::

    {"diff": 1,
     "before": {"lock": "HEAD:conda-lock.yml", "digest": "sha256:…" or null},      null: it has no identity
     "after": {…},
     "platforms": {"both": ["linux-64"], "added": [], "removed": []},
     "counts": {"added": 0, "removed": 0, "changed": 1},
     "undecided": ["NAME"],                       the locks do not say enough to compare these
     "changes": [{"status": "added" | "removed" | "changed", "world": "conda" | "pypi", "name": "numpy",
                  "what": ["version" | "build" | "hash" | "source" | "groups"],    of "changed" only
                  "platforms": {"linux-64": {"before": PACKAGE or null, "after": PACKAGE or null}}}]}

    PACKAGE = {"kind", "version", "build", "url", "sha256", "md5", "commit", "tree": text or null, "groups": [text]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from resolver.canonicalizer import digest
from resolver.errors import IntegrityError
from resolver.locks.comparison import Change, Comparison
from resolver.model import MAIN, Lock, LockedPackage, PlatformLock
from resolver.values import dataclass

__all__ = ["Compared", "as_json", "as_markdown", "as_text"]

_SHOWN_ROWS = 20
"""A longer table is folded."""

_MOST_CHARACTERS = 60_000
"""GitHub takes comments of 65,536 characters."""

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_FIELDS = ("kind", "version", "build", "url", "sha256", "md5", "commit", "tree")
_PLAIN = re.compile(r"[ -~]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two locks by the names that they were given, and what is other in the second."""

    before: str
    after: str
    before_lock: Lock
    after_lock: Lock
    comparison: Comparison


# ------------------------------------------------------------------------------------------------------ text


def as_text(compared: Compared) -> str:
    comparison = compared.comparison
    lines = [f"{compared.before} -> {compared.after}: {_title(comparison)}"]
    lines += [f"+ platform {p.platform} ({len(p.packages)} packages)" for p in comparison.added_platforms]
    lines += [f"- platform {p.platform} ({len(p.packages)} packages)" for p in comparison.removed_platforms]
    lines += [_text_of(change, comparison) for change in comparison.changes]
    lines += [f"? {name}: the locks do not say enough to compare it" for name in comparison.undecided]
    return "".join(f"{_printable(line)}\n" for line in lines)


def _title(comparison: Comparison) -> str:
    """Counts; a change that is the same on several platforms is one."""
    counts = [f"{n} {status}" for status in _SIGNS if (n := comparison.count(status))]  # type: ignore[arg-type]
    for platforms, status in ((comparison.added_platforms, "added"), (comparison.removed_platforms, "removed")):
        if platforms:
            counts.append(f"{len(platforms)} platform{'s' if len(platforms) > 1 else ''} {status}")
    if counts:
        return ", ".join(counts)
    return "nothing is known to differ" if comparison.undecided else "the same packages"


def _text_of(change: Change, comparison: Comparison) -> str:
    before, after = _sides(change)
    where = "" if change.platforms == comparison.platforms else f" ({', '.join(change.platforms)})"
    world = "" if change.world == "conda" else " (pypi)"
    said = f"{before} -> {after}" if before and after else before or after
    return f"{_SIGNS[change.status]} {change.name} {said}{world}{where}"


def _sides(change: Change) -> tuple[str, str]:
    """What is said of a package before and after: only what is another, and what it is of."""
    first = change.details[0]
    if first.before is None or first.after is None:
        return tuple(_version_and_groups(package) for package in (first.before, first.after))  # type: ignore[return-value]
    before, after = ([_or_dash(package.version)] for package in (first.before, first.after))
    shown: dict[str, Callable[[LockedPackage], str]] = {
        "build": lambda package: f"build {package.build}",
        "hash": _short_hash,
        "source": _source,
        "groups": lambda package: f"in {', '.join(package.groups)}",
    }
    for what in change.what:
        if what in shown:
            before.append(shown[what](first.before))
            after.append(shown[what](first.after))
    return " ".join(before), " ".join(after)


def _version_and_groups(package: LockedPackage | None) -> str:
    if package is None:
        return ""
    groups = "" if package.groups == (MAIN,) else f" in {', '.join(package.groups)}"
    return f"{_or_dash(package.version)}{groups}"


def _or_dash(text: str) -> str:
    return text or "-"


def _short_hash(package: LockedPackage) -> str:
    if package.kind == "vcs":
        return f"commit {(package.commit or '')[:12]}"
    if package.kind == "directory":
        return f"tree {(package.tree or '')[:12]}"
    return f"sha256 {package.sha256[:12]}" if package.sha256 else f"md5 {(package.md5 or '')[:12]}"


def _source(package: LockedPackage) -> str:
    return f"from {package.kind} {package.url}" if package.kind in ("vcs", "directory", "archive") else "from an index"


def _printable(text: str) -> str:
    """Without what would move the cursor, colour the screen or turn the text around."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in text)


# -------------------------------------------------------------------------------------------------- Markdown


def as_markdown(compared: Compared) -> str:
    """A title with the counts, and a table, folded where it is long. It ends before GitHub's limit for a comment."""
    comparison = compared.comparison
    head = (
        f"### Lock: {_title(comparison)}\n\n"
        f"{_code(compared.before)} ({_identity(compared.before_lock)}) → "
        f"{_code(compared.after)} ({_identity(compared.after_lock)})\n"
    )
    rows = list(_rows(comparison))
    if not rows:
        return head
    shown, size = [], len(head)
    for row in rows:
        size += len(row)
        if size > _MOST_CHARACTERS:
            break
        shown.append(row)
    table = "| | package | before | after | platforms |\n|---|---|---|---|---|\n" + "".join(shown)
    if len(shown) < len(rows):
        table += f"\n…and {len(rows) - len(shown)} more, which would not fit here.\n"
    if len(rows) > _SHOWN_ROWS:
        table = f"<details><summary>{len(rows)} rows</summary>\n\n{table}\n</details>\n"
    return f"{head}\n{table}"


def _rows(comparison: Comparison) -> Iterator[str]:
    for locked in comparison.added_platforms:
        yield _row("added", "", "", f"{len(locked.packages)} packages", _code(locked.platform))
    for locked in comparison.removed_platforms:
        yield _row("removed", "", f"{len(locked.packages)} packages", "", _code(locked.platform))
    for change in comparison.changes:
        before, after = _sides(change)
        every = change.platforms == comparison.platforms
        where = "all" if every and len(change.platforms) > 1 else ", ".join(map(_code, change.platforms))
        world = "" if change.world == "conda" else " (pypi)"
        yield _row(change.status, f"{_code(change.name)}{world}", _code(before), _code(after), where)
    for name in comparison.undecided:
        yield _row("undecided", _code(name), "", "", "")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _identity(lock: Lock) -> str:
    found = _digest(lock)
    return f"`{found[:19]}…`" if found else "no identity"


def _code(text: str) -> str:
    """A code span of any text: nothing in it is markup, a cell's end, or the name of a person or an issue."""
    if not text:
        return ""
    plain = _printable(text)
    if _PLAIN.match(plain) and not set(plain) & set("`|\\"):
        return f"`{plain}`"
    return f"<code>{''.join(c if c.isalnum() else f'&#{ord(c)};' for c in plain)}</code>"


# ------------------------------------------------------------------------------------------------------ JSON


def as_json(compared: Compared) -> str:
    """The shape stands at the top of this module."""
    comparison = compared.comparison
    body = {
        "diff": 1,
        "before": {"lock": compared.before, "digest": _digest(compared.before_lock)},
        "after": {"lock": compared.after, "digest": _digest(compared.after_lock)},
        "platforms": {
            "both": comparison.platforms,
            "added": _names(comparison.added_platforms),
            "removed": _names(comparison.removed_platforms),
        },
        "counts": {"added": comparison.count("added"), "removed": comparison.count("removed"),
                   "changed": comparison.count("changed")},
        "undecided": comparison.undecided,
        "changes": [_change(change) for change in comparison.changes],
    }  # fmt: skip
    return json.dumps(body, indent=2, sort_keys=True) + "\n"


def _names(platforms: tuple[PlatformLock, ...]) -> list[str]:
    return [locked.platform for locked in platforms]


def _change(change: Change) -> dict[str, object]:
    return {
        "status": change.status,
        "world": change.world,
        "name": change.name,
        "what": change.what,
        "platforms": {d.platform: {"before": _package(d.before), "after": _package(d.after)} for d in change.details},
    }


def _package(package: LockedPackage | None) -> dict[str, object] | None:
    if package is None:
        return None
    return {**{name: getattr(package, name) for name in _FIELDS}, "groups": package.groups}


def _digest(lock: Lock) -> str | None:
    try:
        return str(digest(lock))
    except IntegrityError:
        return None
