"""An image's application: where its files lie, and how it is started (``[docker.application]``).

    application/source/    → /app              the source
    application/model/     → /model            the model (serve)
    application/server/    → /opt/samebox      scoring_server.py, which answers requests by the entry's ``run`` (serve)

The files belong to root and cannot be changed by the image's user. ``train`` runs the entry, with arguments that
``docker run IMAGE …`` replaces; ``serve`` is told everything by ``SAMEBOX_*`` variables.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import PurePosixPath

from resolver.build_context import ApplicationFiles, ContextFile, FileTree, TreeFile
from resolver.errors import BuildError, NotRepresentable, SettingsError
from resolver.exporter.quoting import unique
from resolver.model import SERVE, Application, DockerSection, HealthCheck, Lock
from resolver.values import dataclass

__all__ = ["Launch", "application_files", "image_groups", "image_variables", "launch_of", "require_server"]

_CONTEXT = "application"
_SOURCE, _MODEL, _SERVER = "/app", "/model", "/opt/samebox"
_SCRIPT = f"{_SERVER}/scoring_server.py"
_PORT = 8080
_SERVED = HealthCheck(interval=10, timeout=5, start_period=60, retries=3)
"""A model takes a while to load, and a request is answered in seconds."""

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How an image is started. ``folders`` pairs a folder of the context with its place in the image. ``own_workdir``
    says that ``workdir`` is none of these folders, and the user's. ``files`` is all that lies in the folders: the
    digest of the source, of the model and of the server's module (``""``: none)."""

    folders: tuple[tuple[str, str], ...]
    workdir: str
    own_workdir: bool
    ports: tuple[int, ...]
    health_check: HealthCheck | None
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    source: str
    model: str
    server: str

    def normalised(self) -> dict[str, object]:
        """What counts for the key of an image, but for the source (which has a place of its own there) and the
        variables; strings, numbers, lists and maps."""
        check = self.health_check
        times = () if check is None else (check.interval, check.timeout, check.start_period, check.retries)
        return {
            "workdir": self.workdir,
            "ports": list(self.ports),
            "health-check": [list(check.command), *("" if time is None else time for time in times)] if check else [],
            "entrypoint": list(self.entrypoint),
            "command": list(self.command),
            "model": self.model,
            "server": self.server,
        }


def launch_of(docker: DockerSection, files: ApplicationFiles | None) -> Launch | None:
    """``None`` where there is no application. Raises ``SettingsError`` for what contradicts itself, ``BuildError``
    where ``files`` are not those of the application."""
    application = docker.application
    if application is None:
        return None
    files = files or ApplicationFiles()
    _refuse_other_files(application, files)
    serves = application.preset == "serve"
    folders = _folders(application, serves=serves)
    _refuse_contradictions(docker, application, folders)
    workdir = application.workdir or (_SOURCE if application.source is not None else docker.workdir)
    python = docker.python
    # unbuffered: what a job prints is in the log when it happens
    entrypoint = (python, "-u", _SCRIPT if serves else _in_image(application)) if application.preset else ()
    return Launch(
        folders=folders,
        workdir=workdir,
        own_workdir=not any(_is_below(workdir, place) for _, place in folders),
        ports=application.ports or ((_PORT,) if serves else ()),
        health_check=_served_check(application.health_check, python) if serves else application.health_check,
        entrypoint=entrypoint,
        command=application.arguments,
        source=files.source.digest if files.source else "",
        model=files.model.digest if files.model else "",
        server=hashlib.sha256(_module()).hexdigest() if serves else "",
    )


def image_variables(docker: DockerSection, variables: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The environment's variables, the application's, and those that a preset is told by, sorted. Raises
    ``BuildError`` for one that is given twice."""
    application = docker.application
    own = (*application.variables, *_preset_variables(application)) if application is not None else ()
    return unique((*variables, *own), "variable")


def image_groups(docker: DockerSection, groups: Iterable[str]) -> tuple[str, ...]:
    """The groups that an image installs, sorted: what serves is one of them without being asked for."""
    return tuple(sorted({*groups, *((SERVE,) if _installs_server(docker) else ())}))


def _installs_server(docker: DockerSection) -> bool:
    """Where the user manages the base, the server has to be in it."""
    serves = docker.application is not None and docker.application.preset == "serve"
    return serves and not docker.user_managed


def require_server(lock: Lock, docker: DockerSection, platforms: Iterable[str]) -> None:
    """Raises ``NotRepresentable`` where the lock does not have the HTTP server that the preset ``serve`` needs."""
    application = docker.application
    if application is None or not _installs_server(docker):
        return
    wanted = _normalised_name(application.server)
    for platform in platforms:
        names = {_normalised_name(package.name) for package in lock.on(platform).in_groups((SERVE,))}
        if wanted not in names:
            raise NotRepresentable(
                f"the preset serve needs {application.server}, and the lock has no {wanted} in the group {SERVE} on "
                f"{platform}",
                hint="`samebox lock` adds it, with the preset in the settings",
            )


def application_files(docker: DockerSection, files: ApplicationFiles | None) -> tuple[tuple[ContextFile, str], ...]:
    """The files of the context, each with its sha256."""
    application = docker.application
    if application is None or files is None:
        return ()
    trees = (("source", files.source), ("model", files.model))
    found = [
        (ContextFile(path=f"{_CONTEXT}/{name}/{file.path}", source=file.source, mode=file.mode), file.sha256)
        for name, tree in trees
        for file in _of(tree)
    ]
    if application.preset == "serve":
        content = _module()
        script = ContextFile(path=f"{_CONTEXT}/server/{PurePosixPath(_SCRIPT).name}", content=content)
        found.append((script, hashlib.sha256(content).hexdigest()))
    return tuple(found)


def _of(tree: FileTree | None) -> tuple[TreeFile, ...]:
    return tree.files if tree is not None else ()


def _module() -> bytes:
    return (resources.files("resolver.exporter") / "scoring_server.py").read_bytes()


def _in_image(application: Application) -> str:
    return f"{_SOURCE}/{application.entry}"


def _folders(application: Application, *, serves: bool) -> tuple[tuple[str, str], ...]:
    return (
        *(((f"{_CONTEXT}/source", _SOURCE),) if application.source is not None else ()),
        *(((f"{_CONTEXT}/model", _MODEL),) if application.model is not None else ()),
        *(((f"{_CONTEXT}/server", _SERVER),) if serves else ()),
    )


def _preset_variables(application: Application) -> tuple[tuple[str, str], ...]:
    """What ``scoring_server.py`` reads."""
    if application.preset != "serve":
        return ()
    return (
        ("SAMEBOX_ENTRY", _in_image(application)),
        ("SAMEBOX_PORT", str((*application.ports, _PORT)[0])),
        ("SAMEBOX_SERVER", _normalised_name(application.server).replace("-", "_")),
        *((("SAMEBOX_MODEL_DIR", _MODEL),) if application.model is not None else ()),
    )


def _served_check(asked: HealthCheck | None, python: str) -> HealthCheck:
    """What was asked for, over what the preset does by itself."""
    said = asked or _SERVED
    if said.command:
        return said
    return HealthCheck(
        command=(python, _SCRIPT, "--health"),
        interval=said.interval if said.interval is not None else _SERVED.interval,
        timeout=said.timeout if said.timeout is not None else _SERVED.timeout,
        start_period=said.start_period if said.start_period is not None else _SERVED.start_period,
        retries=said.retries if said.retries is not None else _SERVED.retries,
    )


def _refuse_other_files(application: Application, files: ApplicationFiles) -> None:
    wanted = (application.source is not None, application.model is not None)
    if wanted != (files.source is not None, files.model is not None):
        raise BuildError(
            "the files of the application are not those that [docker.application] names",
            hint="read them with resolver.source_trees.read_application",
        )


def _refuse_contradictions(docker: DockerSection, application: Application, folders: Iterable[tuple[str, str]]) -> None:
    if application.preset is not None and docker.command:
        raise SettingsError(
            f"the preset {application.preset} says what is run, and there is a command too",
            field="docker.command",
            hint="leave out the command or the preset",
        )
    for _, place in folders if not docker.user_managed else ():
        if _is_below(docker.prefix, place) or _is_below(place, docker.prefix):
            raise SettingsError(
                f"{docker.prefix} and {place}, where files of the application lie, are in each other's way",
                field="docker.prefix",
                hint="choose another prefix, e.g. /opt/env",
            )


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")


def _normalised_name(text: str) -> str:
    """The project (PEP 503) that a requirement or a name begins with."""
    match = _PROJECT.match(text)
    if match is None:
        raise SettingsError(f"not a requirement: {text!r}", field="docker.application.server")
    return re.sub(r"[-_.]+", "-", match[0]).lower()
