"""``samebox init``: what a project is set up with. What is there already is left as it is."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from resolver.errors import ResolverError
from resolver.files import read_text, write_atomic
from resolver.settings import SETTINGS_FILE, Settings, read_settings
from resolver.source_trees.revisions import configured, is_in_repository, set_configured

__all__ = ["add_arguments", "run"]

_ATTRIBUTES = ("merge=samebox", "linguist-generated=true")
_DRIVER = (
    ("merge.samebox.name", "locks: one side where only it has changed, else a conflict for `samebox lock`"),
    ("merge.samebox.driver", "samebox git-merge-driver %O %A %B %P"),
    ("merge.samebox.recursive", "binary"),
)
"""``recursive``: a virtual ancestor, made of several, is one of them and has no conflict markers."""

_EXAMPLE = """\
# The settings of Samebox. Every key may be left out; these are some, with examples.

# platforms = ["linux-64", "linux-aarch64", "osx-arm64"]   # default: linux-64 and osx-arm64, never the host's
# exclude-newer = "7 days"                                 # or a date, or an instant: take nothing newer

# [environments.dev]                                       # samebox lock -e dev
# sources = ["environment.yml", "dev.yml"]
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--directory", default=".", metavar="DIR", help="the project's folder (default: this one)")
    parser.add_argument(
        "--merge-driver",
        action="store_true",
        help="set up the merge driver in this clone's git configuration; each clone needs that once",
    )


def run(options: argparse.Namespace) -> int:
    folder = Path(options.directory)
    if not folder.is_dir():
        raise ResolverError(f"{folder}: there is no such folder")
    if options.merge_driver and not is_in_repository(folder, os.environ):
        raise ResolverError(f"{folder} is in no git repository", hint="make one with `git init`, then run this again")
    settings = read_settings(folder)
    _settings(folder, settings)
    _attributes(folder, settings)
    if options.merge_driver:
        _merge_driver(folder)
    return 0


def _settings(folder: Path, settings: Settings) -> None:
    path = folder / SETTINGS_FILE
    if path.exists() or settings != Settings():
        _tell(f"{path if path.exists() else settings.source} has settings; left as it is")
        return
    write_atomic(path, _EXAMPLE.encode())
    _tell(f"{path} written: an example, in which every line is a comment")


def _attributes(folder: Path, settings: Settings) -> None:
    """Attributes of one pattern add up over its lines, so that what is missing goes into a line of its own."""
    path = folder / ".gitattributes"
    text = read_text(path) if path.exists() else ""
    named = [settings.lockfile, *(settings.for_environment(name).lockfile for name, _ in settings.environments)]
    added = []
    for lockfile in dict.fromkeys(named):
        pattern = _quoted(lockfile)
        known = _known_attributes(text, pattern)
        missing = [attribute for attribute in _ATTRIBUTES if attribute.partition("=")[0] not in known]
        if missing:
            added.append(f"{pattern} {' '.join(missing)}\n")
    if not added:
        _tell(f"{path} has the attributes of {', '.join(dict.fromkeys(named))}; left as it is")
        return
    before = text if not text or text.endswith("\n") else f"{text}\n"
    write_atomic(path, (before + "".join(added)).encode())
    _tell(f"{path} written: {'; '.join(line.strip() for line in added)}")


def _quoted(lockfile: str) -> str:
    """The path as a pattern: with a slash in front it is that file only, and with blanks it is quoted (C style)."""
    pattern = lockfile if "/" not in lockfile else f"/{lockfile}"
    return f'"{pattern}"' if " " in pattern or "#" in pattern else pattern


def _known_attributes(text: str, pattern: str) -> set[str]:
    known: set[str] = set()
    for line in text.splitlines():
        if line == pattern or line.startswith((f"{pattern} ", f"{pattern}\t")):
            known.update(word.lstrip("-!").partition("=")[0] for word in line.removeprefix(pattern).split())
    return known


def _merge_driver(folder: Path) -> None:
    for name, value in _DRIVER:
        old = configured(name, folder, os.environ)
        if old is None:
            set_configured(name, value, folder, os.environ)
            _tell(f"git config {name}: {value}")
        else:
            _tell(f"git config {name} is set{'' if old == value else f' to {old!r}'}; left as it is")


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
