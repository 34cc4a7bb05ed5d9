"""A builder of images that is on this machine: found, asked, and the command lines that make it work."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from resolver.engines.dialects import DIALECTS, Dialect
from resolver.engines.redaction import redacted
from resolver.engines.values import BuildRequest, Command
from resolver.errors import BuildError

__all__ = ["ENGINES", "Engine", "find_engine"]

ENGINES = tuple(dialect.name for dialect in DIALECTS)

_PATIENCE = 60.0
"""Seconds for a question that an engine answers from its own store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """``program`` is its path, ``environ`` what it runs with; ``passed_over`` says which were tried before it, and why
    they were not taken."""

    dialect: Dialect
    program: str
    version: str
    environ: Mapping[str, str]
    passed_over: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.dialect.name

    def find_image(self, label: str, value: str) -> str | None:
        """The id of an image with a name and this label, the newest if there are several. One without a name may be
        what a build that was cancelled has left: it has the label, and not what comes after it."""
        filters = ("--filter", f"label={label}={value}", "--filter", "dangling=false")
        said = _ask(self.program, (*self.dialect.images, "--no-trunc", "--quiet", *filters), self.environ)
        return said.split()[0] if said else None

    def build(self, request: BuildRequest) -> Command:
        options = [f"--platform={request.platform}", f"--iidfile={request.image_id_file}"]
        if not request.network:
            options.append("--network=none")
        tags = [f"--tag={tag}" for tag in request.tags]
        words = (self.program, *self.dialect.build, *options, *tags, str(request.context))
        return Command(what="build", words=words)

    def tag(self, image: str, name: str) -> Command:
        return Command(what=f"tag {name}", words=(self.program, "tag", image, name))

    def push(self, name: str) -> Command:
        return Command(what=f"push {name}", words=(self.program, "push", name))


def find_engine(environ: Mapping[str, str], asked: str | None = None) -> Engine:
    """The engine that was asked for, else the first of docker, podman and buildah that answers.

    ``environ`` gives the ``PATH``, and is what the engine runs with. Raises ``BuildError`` where there is none.
    """
    wanted = [dialect for dialect in DIALECTS if asked is None or dialect.name == asked]
    if not wanted:
        raise BuildError(f"no such engine: {asked!r}", hint=f"choose among {', '.join(ENGINES)}")
    # BuildKit draws on terminals; what is kept has to be lines. The old builder does not know the option for it.
    environ = {**environ, "BUILDKIT_PROGRESS": "plain"}
    passed_over: list[str] = []
    for dialect in wanted:
        program = shutil.which(dialect.name, path=environ.get("PATH", ""))
        if program is None:
            passed_over.append(f"{dialect.name} is not on the PATH")
            continue
        try:
            version = _version(_ask(program, dialect.version, environ))
        except BuildError as error:
            passed_over.append(f"{error.message}; {dialect.start}")
            continue
        return Engine(
            dialect=dialect, program=program, version=version, environ=environ, passed_over=tuple(passed_over)
        )
    raise BuildError(
        "nothing here can build images:\n" + "\n".join(f"  {reason}" for reason in passed_over),
        hint=f"install or start one of {', '.join(ENGINES)}" if asked is None else "leave out --engine to take another",
    )


def _version(said: str) -> str:
    """``1.28.2`` of ``1.28.2`` and of ``buildah version 1.28.2 (image-spec …)``."""
    return next((word for word in said.split() if word[0].isdigit()), said)


def _ask(program: str, arguments: tuple[str, ...], environ: Mapping[str, str]) -> str:
    name = f"{program} {arguments[0]}"
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(environ),
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise BuildError(f"{program}: cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"`{name}` has not answered for {_PATIENCE:.0f} seconds") from error
    if done.returncode:
        said = redacted((done.stderr or done.stdout).strip()) or "it said nothing"
        raise BuildError(f"`{name}` ended with {done.returncode}: {said}")
    return done.stdout.strip()
