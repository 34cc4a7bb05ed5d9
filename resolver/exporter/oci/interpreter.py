"""The Python of a base image, for wheels where no conda Python is locked: found in its layers, and never run."""

from __future__ import annotations

import posixpath
import re

from resolver.errors import NotRepresentable
from resolver.exporter.archive import ArchiveEntry
from resolver.exporter.oci.base_tree import BaseTree
from resolver.values import dataclass

__all__ = ["Interpreter", "base_interpreter", "virtual_environment"]

_NAME = re.compile(r"(usr/local|usr)/bin/python(3\.[0-9]+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """``version`` is the minor one, e.g. ``3.12``; ``executable`` an absolute path in the image."""

    version: str
    executable: str


def base_interpreter(tree: BaseTree, *, name: str, version: str) -> Interpreter:
    """The Python of the base image ``name``. ``version`` is what the wheels were locked for, ``""`` if the lock does
    not say; then there must be one alone. Raises ``NotRepresentable``."""
    wanted = ".".join(version.split(".")[:2])
    found = [_interpreter(path) for path in sorted(tree.kinds) if _is_python(tree, path)]
    fitting = [python for python in found if wanted in ("", python.version)]
    if not fitting or len({python.version for python in fitting}) > 1:
        have = ", ".join(python.executable for python in found) or "none"
        raise NotRepresentable(
            f"wheels are locked and no conda python, so they need Python {wanted or '3'} of the base image, and {name} "
            f"has {'several' if fitting else 'none'} (/usr/bin and /usr/local/bin; found: {have})",
            hint=f"name a base image with one Python{f' {wanted}' if wanted else ''}, or add python to the conda "
            "dependencies",
        )
    return min(fitting, key=lambda python: not python.executable.startswith("/usr/local/"))


def _interpreter(path: str) -> Interpreter:
    return Interpreter(version=path.rpartition("python")[2], executable=f"/{path}")


def _is_python(tree: BaseTree, path: str) -> bool:
    """A file, links followed, with the library by which Python finds its prefix (``getpath``: ``os.py``)."""
    named = _NAME.match(path)
    if named is None or tree.kind(path) != "file":
        return False
    folders = (f"{named[1]}/{library}/python{named[2]}" for library in ("lib", "lib64"))  # sys.platlibdir
    return any(tree.kind(f"{folder}/os.py") == "file" for folder in folders)


def virtual_environment(interpreter: Interpreter, prefix: str) -> tuple[ArchiveEntry, ...]:
    """The files of a virtual environment (PEP 405) that are no package's, as ``prefix.slice_installer`` makes them;
    ``prefix`` has no leading slash."""
    home = posixpath.dirname(interpreter.executable)
    text = f"home = {home}\ninclude-system-site-packages = false\nversion = {interpreter.version}\n"
    links = {"python": interpreter.executable, "python3": "python", f"python{interpreter.version}": "python"}
    return (
        ArchiveEntry(path=f"{prefix}/pyvenv.cfg", content=text.encode()),
        *(
            ArchiveEntry(path=f"{prefix}/bin/{name}", kind="symlink", mode=0o777, target=target)
            for name, target in links.items()
        ),
    )
