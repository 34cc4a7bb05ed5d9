"""Bytecode for an image, made by a Python of this machine: hash-based and unchecked (PEP 552), so that it is good
whatever time its source has, and the same bytes each time.

Each file is compiled in a process of its own, forked from one that has done nothing yet: what marshal writes depends
on how often a constant is referenced at that moment (CPython's issue 78274).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from resolver.errors import BuildError, NotRepresentable
from resolver.exporter.oci.contents import InstalledFiles
from resolver.values import dataclass, replace

__all__ = ["Compiler", "compiler_for"]

_ASK = """\
import platform, sys
print(platform.python_implementation(), platform.python_version(), sys.implementation.cache_tag)
"""

_COMPILE = """
import _imp, importlib._bootstrap_external as bootstrap, json, marshal, os, sys
root, prefix, tag = sys.argv[1:4]
made = []
for path in json.load(sys.stdin):
    child = os.fork()
    if not child:
        code = 1
        try:
            with open(os.path.join(root, path), "rb") as file:
                source = file.read()
            try:
                compiled = compile(source, os.path.join(prefix, path), "exec", dont_inherit=True, optimize=0)
            except (SyntaxError, ValueError, RecursionError):
                code = 3
            else:
                folder, name = os.path.split(path)
                cache = os.path.join(root, folder, "__pycache__")
                os.makedirs(cache, 0o755, exist_ok=True)
                head = bootstrap.MAGIC_NUMBER + (1).to_bytes(4, "little")
                hashed = _imp.source_hash(int.from_bytes(bootstrap.MAGIC_NUMBER, "little"), source)
                with open(os.path.join(cache, name[:-2] + tag + ".pyc"), "xb") as file:
                    file.write(head + hashed + marshal.dumps(compiled))
                code = 0
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        made.append(path)
    elif status != 3:
        sys.exit("cannot compile " + path)
json.dump(made, sys.stdout)
"""
"""Source files on stdin, those that were compiled on stdout: one that is no source of this Python (a template, a test
of the parser) stays as it is, as with pip and conda."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A CPython of this machine. ``version`` is its whole version, ``tag`` what it calls its bytecode."""

    program: str
    version: str
    tag: str

    def compile(self, files: InstalledFiles, *, prefix: str) -> InstalledFiles:
        """The files with bytecode beside each source below ``lib/pythonX.Y``; that of the packages themselves is not
        installed (``prefix.slice_installer``). Raises ``BuildError``."""
        folder = f"lib/python{_minor(self.version)}/"
        owned = {path for paths in files.by_package.values() for path in paths}
        sources = sorted(path for path in owned if path.startswith(folder) and _is_source(files.root / path))
        made = {path: self._bytecode(path) for path in self._run(files.root, prefix, sources)}
        by_package = {key: paths | _compiled(paths, made) for key, paths in files.by_package.items()}
        return replace(files, by_package=by_package)

    def _bytecode(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        return f"{folder}/__pycache__/{name.removesuffix('.py')}.{self.tag}.pyc"

    def _run(self, root: Path, prefix: str, sources: Sequence[str]) -> list[str]:
        command = [self.program, "-B", "-S", "-c", _COMPILE, os.fspath(root), prefix, self.tag]
        environ = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore", "LC_ALL": "C"}
        done = subprocess.run(
            command, input=json.dumps(sources), capture_output=True, text=True, env=environ, cwd="/", check=False
        )
        if done.returncode:
            said = [*done.stderr.strip().splitlines(), f"it ended with {done.returncode}"]
            raise BuildError(f"{self.program}: the sources cannot be compiled: {said[0]}")
        compiled: list[str] = json.loads(done.stdout)
        return compiled


def _compiled(paths: frozenset[str], made: Mapping[str, str]) -> frozenset[str]:
    return frozenset(made[path] for path in paths if path in made)


def _is_source(place: Path) -> bool:
    return place.suffix == ".py" and place.is_file() and not place.is_symlink()


def compiler_for(version: str) -> Compiler:
    """The CPython of this machine that makes bytecode for ``version``: this process's own, or ``pythonX.Y`` on PATH.

    Raises ``NotRepresentable`` where there is none of that minor version.
    """
    minor = _minor(version)
    candidates = (sys.executable, shutil.which(f"python{minor}"))
    for program in dict.fromkeys(filter(None, candidates)):
        found = _asked(program)
        if found is not None and _minor(found.version) == minor:
            return found
    raise NotRepresentable(
        f"bytecode for Python {minor} is made by a CPython {minor} of this machine, and there is none "
        f"(looked at: {sys.executable}, python{minor} on PATH)",
        hint=f"install Python {minor}, or leave --compile out: Python then compiles in memory at each start",
    )


def _asked(program: str) -> Compiler | None:
    done = subprocess.run([program, "-I", "-c", _ASK], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode or len(words) != 3 or words[0] != "CPython":
        return None
    return Compiler(program=program, version=words[1], tag=words[2])


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])
