"""A slice (``locks.slices``), and the parts of it that are installed to make layers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping

from resolver.canonicalizer import canonical_json
from resolver.exporter.oci.interpreter import Interpreter
from resolver.exporter.oci.layers import PackageKey
from resolver.values import dataclass

__all__ = ["PackageEntry", "SlicePackages", "SlicePart", "sliced"]

PackageEntry = Mapping[str, object]
"""One of a slice's packages, as the slice has it."""

_PYTHON: PackageKey = ("conda", "python")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePart:
    """What is installed at once: ``content`` is a slice of ``packages``, and of those that ``apart`` names (conda's),
    which are looked at and not linked. ``interpreter`` is the Python for wheels where conda brings none."""

    content: bytes
    packages: tuple[PackageEntry, ...]
    apart: frozenset[str] = frozenset()
    interpreter: Interpreter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePackages:
    """A slice and its packages by key; ``sha256`` is that of its bytes, ``interpreter`` the base image's Python where
    the slice has wheels and brings none."""

    document: Mapping[str, object]
    packages: Mapping[PackageKey, PackageEntry]
    sha256: str
    interpreter: Interpreter | None = None

    @property
    def platform(self) -> str:
        return str(self.document["platform"])

    @property
    def has_conda(self) -> bool:
        return any(kind == "conda" for kind, _ in self.packages)

    @property
    def has_wheels(self) -> bool:
        return any(kind == "wheel" for kind, _ in self.packages)

    @property
    def has_conda_python(self) -> bool:
        return _PYTHON in self.packages

    @property
    def python_version(self) -> str:
        """Of conda's Python, else of the interpreter; ``""`` where there is none."""
        if _PYTHON in self.packages:
            return str(self.packages[_PYTHON]["version"])
        return self.interpreter.version if self.interpreter is not None else ""

    def python_of(self, keys: Collection[PackageKey]) -> list[object]:
        """What of Python the files of these packages depend on: noarch packages and wheels lie in its folders."""
        packages = [self.packages[key] for key in keys]
        if all(p["kind"] == "conda" and p["subdir"] != "noarch" for p in packages):
            return []
        if _PYTHON in self.packages:
            return [self.packages[_PYTHON]]
        return [{"version": self.interpreter.version}] if self.interpreter is not None else []

    def part(self, keys: Collection[PackageKey]) -> SlicePart:
        """These packages; conda's Python is looked at where it is needed and is not among them."""
        apart = {_PYTHON} - set(keys) if _PYTHON in self.packages and self.python_of(keys) else set()
        wanted = {*keys, *apart}
        content = {**self.document, "packages": [p for key, p in self.packages.items() if key in wanted]}
        return SlicePart(
            content=canonical_json(content) + b"\n",
            packages=tuple(p for key, p in self.packages.items() if key in wanted - apart),
            apart=frozenset(name for _, name in apart),
            interpreter=self.interpreter if any(kind == "wheel" for kind, _ in keys) else None,
        )


def sliced(content: bytes) -> SlicePackages:
    """Read a slice."""
    document: dict[str, object] = json.loads(content)
    packages = document["packages"]
    assert isinstance(packages, list)  # locks.slices made it
    return SlicePackages(
        document=document,
        packages={("conda" if p["kind"] == "conda" else "wheel", str(p["name"])): p for p in packages},
        sha256=hashlib.sha256(content).hexdigest(),
    )
