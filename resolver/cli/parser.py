"""``argparse`` as it is used here: what a wrong usage is told like, and how wide help is."""

from __future__ import annotations

import argparse
import os
import sys
from argparse import Namespace
from functools import cache

from resolver.light_typing import NoReturn

__all__ = ["Namespace", "Parser"]

# argparse has its words translated by gettext, which loads `locale` to look for catalogues that nobody has; ours are
# English whatever the locale
vars(argparse)["_"] = str


class _HelpFormatter(argparse.HelpFormatter):
    """argparse makes one for each option that is added, and each asks ``shutil`` for the width of the terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


@cache
def _columns() -> int:
    """As ``shutil.get_terminal_size`` has it."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 80
    except (OSError, ValueError):  # it is no terminal, or closed
        return 80


class Parser(argparse.ArgumentParser):
    """Tells a wrong usage as every other error is told, and of an unknown option the nearest known one."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False, formatter_class=_HelpFormatter)

    def error(self, message: str) -> NoReturn:
        unknown = message.partition("unrecognized arguments: ")[2].split()
        options = [option for action in self._actions for option in action.option_strings]
        import difflib

        near = difflib.get_close_matches(unknown[0], options, n=1) if unknown else []
        hint = f"did you mean {near[0]}?" if near else f"`{self.prog} --help` lists what it takes"
        print(f"error: {self.prog}: {message}\nhint: {hint}", file=sys.stderr)
        raise SystemExit(2)
