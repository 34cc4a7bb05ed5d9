"""A builder of images that is on this machine: found, asked, and the command lines that make it work."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping

from resolver.engines.dialects import DIALECTS, Dialect
from resolver.engines.manifest_lists import build_list, find_list, list_id
from resolver.engines.redaction import redacted
from resolver.engines.values import BuildRequest, Command, Found
from resolver.errors import BuildError
from resolver.values import dataclass

__all__ = ["ENGINES", "Engine", "find_engine"]

ENGINES = tuple(dialect.name for dialect in DIALECTS)

_PATIENCE = 60.0
"""Seconds for a question that an engine answers from its own store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """``program`` is its path, ``architecture`` that of its machine in Go's words (``""``: as here), ``environ`` what
    it runs with; ``passed_over`` says which were tried before it, and why they were not taken."""

    dialect: Dialect
    program: str
    version: str
    architecture: str
    environ: Mapping[str, str]
    passed_over: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.dialect.name

    def find_image(self, label: str, value: str) -> str | None:
        """The id of an image with a name and this label, the newest if there are several. One without a name may be
        what a build that was cancelled has left: it has the label, and not what comes after it."""
        filters = ("--filter", f"label={label}={value}", "--filter", "dangling=false")
        said = self.ask((*self.dialect.images, "--no-trunc", "--quiet", *filters))
        return said.split()[0] if said else None

    def find(self, name: str, *, platforms: tuple[str, ...], label: str, value: str) -> Found | None:
        """An image with this label, which tells its platforms too. Where there are several, podman and buildah have an
        index by its ``name`` alone; docker looks at the label of one of the index's images."""
        if len(platforms) > 1 and self.dialect.lists:
            return find_list(self, name, platforms=platforms, label=label, value=value)
        found = self.find_image(label, value)
        return Found(name=found, image_id=found) if found is not None else None

    def no_index(self) -> str:
        """Why it cannot keep an image index, in words that follow ``since``; else ``""``."""
        return self.dialect.no_index(self.version, self.environ, self.ask)

    def silence(self) -> str:
        """That it does not answer any more, and what it says instead; ``""`` where it does."""
        try:
            self.ask(self.dialect.version)
        except BuildError as error:
            return f"it does not answer any more ({error.message})"
        return ""

    def ask(self, arguments: tuple[str, ...]) -> str:
        """What it prints. Raises ``BuildError``."""
        return _ask(self.program, arguments, self.environ)

    def obstacle(self) -> str:
        """Why it cannot write the same image bit for bit each time, in words that follow ``, since``; else ``""``."""
        return self.dialect.obstacle(self.version, self.environ, self.ask)

    def build(self, request: BuildRequest) -> Iterable[Command]:
        """What leads to an image (or an index) with these tags in the engine's store. To be asked for one after the
        other: a later command may name what an earlier one has made."""
        if len(request.platforms) > 1 and self.dialect.lists:
            return build_list(self, request)
        options = [f"--platform={','.join(request.platforms)}", f"--iidfile={request.image_id_file}"]
        if request.network:
            options.append(f"--network={request.network}")
        options += [f"--build-arg={name}={value}" for name, value in request.arguments]
        options += [f"--secret=id=netrc,src={request.netrc}"] if request.netrc is not None else []
        if request.health_check:
            options += self.dialect.with_health_check
        if request.reproducible:
            options.extend(self.dialect.reproducible(request))
        tags = [f"--tag={tag}" for tag in request.tags]
        words = (self.program, *self.dialect.build, *options, *tags, str(request.context))
        build = Command(what="build", words=words)
        if not self._archives(request):
            return (build,)
        load = (self.program, "load", "--quiet", f"--input={request.archive}")
        return build, Command(what="load", words=load)

    def built_image(self, request: BuildRequest) -> str:
        """The id of the image, after ``build``. Raises ``BuildError`` where there is none."""
        if len(request.platforms) > 1 and self.dialect.lists:
            return list_id(self, request.tags[0]) or ""
        if self._archives(request):  # the id is the store's to give
            return self.ask(("image", "inspect", "--format", "{{.Id}}", request.tags[0]))
        if not request.image_id_file.is_file():
            raise BuildError(f"{self.name} has not said which image it made")
        return request.image_id_file.read_text(encoding="utf-8").strip()

    def _archives(self, request: BuildRequest) -> bool:
        return request.reproducible and self.dialect.archived

    def tag(self, image: str, name: str) -> Command:
        return Command(what=f"tag {name}", words=(self.program, "tag", image, name))

    def push(self, name: str, *, index: bool = False, insecure: bool = False) -> Command:
        """``index`` says that it is one, and of podman's and buildah's lists all images are pushed; ``insecure`` that
        the registry may have no TLS (of docker the daemon's configuration says that)."""
        options = ("--tls-verify=false",) if insecure and self.dialect.lists else ()
        listed = ("manifest", "push", "--all", *options, name, f"docker://{name}")
        words = listed if index and self.dialect.lists else ("push", *options, name)
        return Command(what=f"push {name}", words=(self.program, *words))


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
            version, architecture = _version(_ask(program, dialect.version, environ))
        except BuildError as error:
            passed_over.append(f"{error.message}; {dialect.start}")
            continue
        return Engine(
            dialect=dialect,
            program=program,
            version=version,
            architecture=architecture,
            environ=environ,
            passed_over=tuple(passed_over),
        )
    raise BuildError(
        "nothing here can build images:\n" + "\n".join(f"  {reason}" for reason in passed_over),
        hint=f"install or start one of {', '.join(ENGINES)}" if asked is None else "leave out --engine to take another",
    )


def _version(said: str) -> tuple[str, str]:
    """Version and architecture: of ``26.1.5 amd64``, or of ``buildah version 1.28.2 (image-spec …)``."""
    words = said.split()
    version = next((word for word in words if word[0].isdigit()), said)
    return version, words[1] if len(words) == 2 and words[0] == version else ""


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
