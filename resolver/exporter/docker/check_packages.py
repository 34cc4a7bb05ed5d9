"""Check, inside an image, that its own Python has the packages which are required, and write down what it has.

This module stands alone: it runs in the base image's interpreter, whatever it has, so that it imports the standard
library and one wheel of ``packaging``, whose sha256 it checks first. It keeps to the syntax of Python 3.8.

    python check_packages.py REQUIREMENTS --packaging WHEEL --sha256 HEX --report FILE
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import re
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence  # noqa: UP035 - Python 3.8 evaluates aliases

__all__ = ["main"]

EPOCH = 315_532_800
"""The time of the report, as of every file that an image gets: 1980-01-01, in seconds."""

Versions = Dict[str, Optional[str]]  # noqa: UP006, UP045 - the same
"""Normalised names of distributions, each with its version if it says one."""


def main(arguments: Sequence[str]) -> int:
    """0, or 1 where a package is missing or does not fit; 2 where the wheel is another one."""
    parser = argparse.ArgumentParser(description="Check which packages this interpreter has.")
    parser.add_argument("requirements", type=Path, help="one PEP 508 requirement a line")
    parser.add_argument("--packaging", type=Path, required=True, help="a wheel of packaging")
    parser.add_argument("--sha256", required=True, help="what it must be")
    parser.add_argument("--report", type=Path, required=True, help="the file to write: NAME==VERSION a line")
    options = parser.parse_args(arguments)
    if hashlib.sha256(options.packaging.read_bytes()).hexdigest() != options.sha256:
        sys.stderr.write(f"samebox: {options.packaging.name} does not have its sha256\n")
        return 2
    own = Path(__file__).resolve().parent
    installed = _installed([folder for folder in sys.path if Path(folder).resolve() != own])
    sys.path.insert(0, str(options.packaging))
    wanted = options.requirements.read_text(encoding="utf-8").splitlines()
    problems = [problem for problem in (_problem(text, installed) for text in wanted) if problem]
    if problems:
        told = "".join(f"samebox:   {problem}\n" for problem in problems)
        sys.stderr.write(f"samebox: {sys.executable} lacks what docker.required-packages asks for:\n{told}")
        return 1
    _write(options.report, installed)
    return 0


def _installed(folders: Sequence[str]) -> Versions:
    """The distributions in these folders. The first of a name counts, since it is the one that is imported."""
    found: Versions = {}
    for distribution in importlib.metadata.distributions(path=list(folders)):
        metadata = distribution.metadata
        if metadata is None or "Name" not in metadata:
            continue  # a folder that something has left half removed
        found.setdefault(_normalised(metadata["Name"]), distribution.version)
    return found


def _problem(text: str, installed: Versions) -> str:
    """What is wrong with the package that is required, or ``""``."""
    from packaging.requirements import Requirement
    from packaging.version import InvalidVersion

    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    name = _normalised(requirement.name)
    if name not in installed:
        return f"{text}: {name} is not installed"
    version = installed[name]
    try:
        fits = version is not None and requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        fits = False
    return "" if fits else f"{text}: {name} is installed as {version}"


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _write(report: Path, installed: Versions) -> None:
    lines: List[str] = [f"{name}=={version}\n" for name, version in sorted(installed.items()) if version]  # noqa: UP006
    report.write_text("".join(lines), encoding="utf-8")
    report.chmod(0o644)
    os.utime(report, (EPOCH, EPOCH))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
