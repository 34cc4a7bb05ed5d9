"""``samebox export FORMAT``: lock files of a format, written only where they are not what they should be."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from resolver.cli.lock_sources import LockSource, platforms_of, source_asked
from resolver.errors import SettingsError
from resolver.files import write_atomic
from resolver.locks.conversion import Exported, export_lock
from resolver.locks.files import format_of, refuse_to_lose_environments
from resolver.locks.sidecar import sidecar_path
from resolver.model import Lock
from resolver.values import dataclass, replace

__all__ = ["export_files"]

_PLATFORM = "{platform}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Output:
    """What goes to one place (``-`` is stdout)."""

    place: str
    exported: Exported

    def files(self, *, evidence: bool) -> Iterator[tuple[Path, bytes]]:
        path = Path(self.place)
        yield path, self.exported.text.encode()
        if evidence and self.exported.evidence is not None:
            yield sidecar_path(path), self.exported.evidence.encode()

    def stale(self, *, evidence: bool) -> list[Path]:
        return [path for path, content in self.files(evidence=evidence) if _content(path) != content]


def export_files(options: argparse.Namespace) -> int:
    """Nothing is written before all is known to be writable."""
    source = source_asked(options)
    _refuse_wrong_output(options, source)
    beside = source.path or Path(options.lock)
    lock = source.lock(
        environment=options.environment, platforms=platforms_of(tuple(dict.fromkeys(options.platform or ())), beside)
    )
    outputs = tuple(_outputs(lock, source, options))
    _tell_what_is_missing(outputs, options)
    evidence = options.evidence is not False
    if options.check:
        return _check(outputs, evidence=evidence, options=options)
    for output in outputs:
        if output.place != "-":
            refuse_to_lose_environments(Path(output.place), format_of("", name=options.format), output.exported.text)
    wrote = [_write(output, evidence=evidence) for output in outputs]
    return 1 if any(wrote) and options.exit_non_zero_on_write else 0


def _refuse_wrong_output(options: argparse.Namespace, source: LockSource) -> None:
    if options.output == "-" and options.check:
        raise SettingsError("--check compares with a file, and - is none", hint="name the file with -o")
    output = Path(options.output)
    if source.path is not None and output.exists() and output.samefile(source.path):
        raise SettingsError(f"{options.output} is the lock itself", hint="name another file with -o")


def _outputs(lock: Lock, source: LockSource, options: argparse.Namespace) -> Iterator[_Output]:
    platforms: tuple[str, ...] | None = tuple(dict.fromkeys(options.platform)) if options.platform else None
    if _PLATFORM not in options.output:
        exported = _export(lock, options, platforms)
        yield _Output(place=options.output, exported=_as_it_was(exported, source, options))
        return
    for platform in platforms or [locked.platform for locked in lock.platforms]:
        place = options.output.replace(_PLATFORM, lock.on(platform).platform)
        yield _Output(place=place, exported=_export(lock, options, (platform,)))


def _as_it_was(exported: Exported, source: LockSource, options: argparse.Namespace) -> Exported:
    """All of a lock that comes back from an image, in the format that it has: the bytes that were attached."""
    file = source.file
    if file is None or format_of(file.name).name != options.format:
        return exported
    if options.platform or options.group or options.environment:
        return exported
    evidence = file.evidence.decode() if file.evidence is not None else exported.evidence
    return replace(exported, text=file.content.decode(), evidence=evidence)


def _export(lock: Lock, options: argparse.Namespace, platforms: tuple[str, ...] | None) -> Exported:
    groups = tuple(dict.fromkeys(options.group)) if options.group else None
    return export_lock(lock, options.format, platforms=platforms, groups=groups, allow_loss=bool(options.allow_loss))


def _tell_what_is_missing(outputs: tuple[_Output, ...], options: argparse.Namespace) -> None:
    told: dict[str, None] = {}
    for output in outputs:
        exported = output.exported
        where = f"{output.place}: " if len(outputs) > 1 else ""
        for loss in exported.losses:
            told[f"{where}lost: {loss}"] = None
        if exported.left_out:
            left_out = ", ".join(exported.left_out)
            told[f"note: {options.format} has no groups, and holds main alone; left out: {left_out} (see -g)"] = None
        for aspect in exported.unknown:
            told[f"note: {options.lock} says nothing about {aspect}: whoever reads the output finds none"] = None
        if not exported.has_identity and options.evidence is not False:
            told[f"note: {options.lock} has no identity (see `samebox digest`), so no evidence is kept of it"] = None
    for line in told:
        print(line, file=sys.stderr)


def _check(outputs: tuple[_Output, ...], *, evidence: bool, options: argparse.Namespace) -> int:
    stale = [path for output in outputs for path in output.stale(evidence=evidence)]
    for path in stale:
        what = "is not what would be written" if path.exists() else "does not exist"
        print(f"{path} {what}", file=sys.stderr)
    print("stale" if stale else "fresh")
    if stale:
        mending = shlex.join(["samebox", *(argument for argument in options.given if argument != "--check")])
        print(f"hint: `{mending}` mends it", file=sys.stderr)
    return 1 if stale else 0


def _write(output: _Output, *, evidence: bool) -> bool:
    """Whether a file was written: one that is what it should be is left alone."""
    if output.place == "-":
        sys.stdout.buffer.write(output.exported.text.encode())
        return False
    stale = output.stale(evidence=evidence)
    for path, content in output.files(evidence=evidence):
        if path in stale:
            write_atomic(path, content)
    packages = "; ".join(f"{p.platform}: {len(p.packages)} packages" for p in output.exported.lock.platforms)
    print(f"{output.place} {'written' if stale else 'is up to date'} ({packages or 'no platforms'})", file=sys.stderr)
    return bool(stale)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
