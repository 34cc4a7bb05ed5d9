"""`samebox build`, with programs that stand in for the engines."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.project import Outcome, Project
from tests.engines.stand_ins import StandIns

_PINNED = f'base-image = "debian@sha256:{"9" * 64}"\n'
_CPU = "base-image, since nothing that needs a GPU is locked"
_FLOATING = "the base image debian:bookworm-slim has no digest, and may be another one tomorrow"


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    folder = tmp_path / "bin"
    folder.mkdir()
    return StandIns(folder)


def build(project: Project, stand_ins: StandIns, *arguments: str) -> Outcome:
    return project.run("build", *arguments, environ=stand_ins.environ)


def pin(project: Project) -> None:
    project.write("samebox.toml", project.settings.replace("[docker]\n", f"[docker]\n{_PINNED}"))


def log_of(project: Project) -> Path:
    (path,) = (project.cache / "logs").iterdir()
    return path


def test_a_build_and_its_reuse(locked: Project, stand_ins: StandIns) -> None:
    pin(locked)
    stand_ins.add("docker", build="echo 'Step 1/9 : FROM debian'")
    done = build(locked, stand_ins, "conda-lock.yml", "-t", "lab/demo:2")
    assert (done.code, done.stdout) == (0, "lab/demo:2\n")
    assert done.told.splitlines() == [
        f"lab/demo:2: built by docker; the log is {log_of(locked)}",
        f"base: {_CPU}",
        "note: another build of it will not be the same bit for bit: docker cannot, since that needs 26.0 or later",
    ]

    stand_ins.add("docker", images="sha256:there\n")
    again = build(locked, stand_ins, "-t", "lab/demo:3", "--json")
    assert again.code == 0
    assert again.told.startswith("lab/demo:3: docker had it already; nothing was built; the log is ")
    body = again.json
    assert Path(body.pop("log")).read_text().splitlines()[-1] == "samebox: lab/demo:3 is ready, sha256:there"
    key = body.pop("key")
    assert f"--tag=lab/demo:key-{key.removeprefix('sha256:')} " in stand_ins.calls()[2]
    assert body == {
        "image": "lab/demo:3",
        "id": "sha256:there",
        "base": _CPU,
        "obstacle": None,
        "reason": None,
        "reused": "docker",
        "engine": "docker",
    }
    anew = build(locked, stand_ins, "-t", "lab/demo:4", "--no-reuse")
    assert anew.told.startswith("lab/demo:4: built by docker;")


def test_a_floating_base_is_told(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("buildah", images="sha256:there\n")
    done = build(locked, stand_ins, "--engine", "buildah")
    assert done.code == 0
    assert done.told.splitlines()[1:] == [
        f"base: {_CPU}",
        f"note: it is built each time, since {_FLOATING}",
        "hint: docker.base-image = NAME@sha256:… says which base it is",
    ]


def test_plain_progress_is_the_whole_log(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("docker", build="echo 'Step 1/9 : FROM debian'; echo by https://me:secret@example.org/")
    done = build(locked, stand_ins, "--progress", "plain")
    assert done.told.startswith(log_of(locked).read_text())
    assert "\nStep 1/9 : FROM debian\nby https://***@example.org/\n" in done.told
    assert "secret" not in done.stderr


def test_a_log_is_shown_again(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("docker", build="echo 'Step 1/9 : FROM debian'; exit 4")
    nothing = build(locked, stand_ins, "--replay", "-t", "one")
    assert (nothing.code, nothing.stdout) == (2, "")
    assert nothing.told.startswith(f"error: {locked.cache / 'logs'} has no log of one\n")

    failed = build(locked, stand_ins, "-t", "one", "-v")
    assert failed.code == 2
    stand_ins.add("docker", build="echo other")
    assert build(locked, stand_ins, "-t", "one-other").code == 0
    calls = stand_ins.calls()
    again = build(locked, stand_ins, "--replay", "-t", "one")
    assert again.code == 0
    assert again.stdout and failed.told.startswith(again.stdout)
    assert "\nother\n" in build(locked, stand_ins, "--replay").stdout
    assert stand_ins.calls() == calls


def test_a_failing_step(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("docker", build="echo 'Step 3/9 : RUN false'; echo no good; exit 4")
    done = build(locked, stand_ins)
    assert (done.code, done.stdout) == (2, "")
    assert done.told == (
        "error: docker build ended with 4 at Step 3/9 : RUN false\n  no good\n"
        f"hint: all that was said is in {log_of(locked)}\n"
    )


def test_the_step_that_runs_is_shown(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("docker", build="echo '#7 [build 2/3] RUN install'; sleep 2.5")
    done = build(locked, stand_ins, "-p", "linux-64")
    assert "[build 2/3] RUN install …\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--push",), "error: an image is pushed by its name\nhint: give REGISTRY/REPOSITORY:TAG with --tag\n"),
        (
            ("-p", "linux-64,linux/arm64"),
            "error: the lock has no packages for an image for linux-aarch64\nhint: it has: linux-64; ",
        ),
        (("-p", "osx-arm64"), "error: the lock has no packages for an image for osx-arm64\nhint: it has: linux-64; "),
        (("--engine", "podman"), "error: nothing here can build images:\n  podman is not on the PATH\nhint: leave out"),
    ],
)
def test_what_cannot_be_done(locked: Project, stand_ins: StandIns, arguments: tuple[str, ...], message: str) -> None:
    stand_ins.add("docker")
    done = build(locked, stand_ins, *arguments)
    assert done.code == 2
    assert done.told.startswith(message)


def test_options_reach_the_builder(locked: Project, stand_ins: StandIns) -> None:
    stand_ins.add("buildah", version="echo buildah version 1.28.2")
    (locked.home / ".netrc").write_text("machine a.example.org login b password c\n")
    done = build(
        locked,
        stand_ins,
        "-p",
        " linux/amd64 ,linux-64",
        "-p",
        "linux-64",
        "--network",
        "host",
        "--cache-mounts",
        "--lend-netrc",
    )
    assert done.code == 0, done.stderr
    built = stand_ins.calls()[-1]
    assert "--platform=linux/amd64 " in built
    assert "--network=host " in built
    assert f"--secret=id=netrc,src={locked.home}/.netrc " in built
    assert "--build-arg" not in built
    assert " is a folder, which a build does not see; see --strategy vendored\n" in log_of(locked).read_text()
    assert (stand_ins.folder / "Dockerfile").read_text().count("RUN --mount=type=cache,") == 2


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_builder(locked: Project, stand_ins: StandIns, sent: signal.Signals) -> None:
    stand_ins.add("docker", build=f"echo $$ >'{stand_ins.folder}/pid'; sleep 300")
    process = subprocess.Popen(
        locked.command("build"),
        cwd=locked.folder,
        env=locked.environ(**stand_ins.environ),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = stand_ins.folder / "pid"
    end = time.monotonic() + 60
    while not (pid.exists() and pid.read_text().endswith("\n")):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    process.send_signal(sent)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert told.endswith("interrupted; nothing was written\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    contexts = [call.split()[-1] for call in stand_ins.calls() if call.startswith("docker build")]
    assert [Path(context).parent.exists() for context in contexts] == [False]
