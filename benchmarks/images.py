"""How long an image takes: the first, one with another version of a package, and one of an environment that shares
nine tenths of its packages, by ``samebox export oci --push`` and by ``docker build`` and ``docker push``.

python -m benchmarks.images -n 3 --out /tmp/benchmarks

Each run starts with an empty cache, a new daemon and an empty registry, so that it takes root, Docker, docker-registry
and the base images of .ci/prepare-docker. Packages come from a server on loopback. Of Docker, the CPU is that of its
client and of the daemon with all that it starts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.image_packages import (
    CHANNEL,
    ENORMOUS,
    Sized,
    bumped,
    environment,
    lock_of,
    other_environment,
    write_channel,
)
from benchmarks.image_places import BASE, BUILD_IMAGE, Places, places, serving
from benchmarks.measure import run_process
from resolver.locks.files import write_lock

__all__ = ["main"]

_ROOT = Path(__file__).parent.parent
_LIMIT = 900.0

_CASES: Mapping[str, tuple[tuple[Sized, ...], str]] = {
    "image-first": (environment(), "150 packages, nothing cached"),
    "image-bump": (bumped(environment(), "first-052"), "another version of a small library"),
    "image-bump-noarch": (bumped(environment(), "first-051"), "another version of a noarch Python package"),
    "image-shared": (other_environment(), "a second environment, 135 of its 150 packages are in the first"),
    "image-large": ((ENORMOUS,), "one package with a file of 1.2 GB, for the memory that it takes"),
}
_WITHOUT_DOCKER = ("image-large",)
_BUMPS = ("image-bump", "image-bump-noarch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one image took: seconds, the peak memory of the largest process in bytes (of Docker nothing is known: its
    daemon is none of ours), bytes that the registry received, and layers that the first image has not."""

    cpu: float
    wall: float
    peak: int
    pushed: int
    layers: int
    new_layers: int


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0, and 1 where another version of a package rewrote more than two layers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description="images, with and without Docker")
    parser.add_argument("-n", dest="runs", type=int, default=3, metavar="RUNS", help="runs of all (default: 3)")
    parser.add_argument("--out", metavar="DIR", help="where results go (default: a new temporary folder)")
    parser.add_argument("--no-docker", action="store_true", help="measure samebox export oci alone")
    options = parser.parse_args(arguments)
    out = Path(options.out or tempfile.mkdtemp(prefix="samebox-images-")).absolute()
    _make_packages(out / "sized")
    costs: dict[tuple[str, str], list[Cost]] = {}
    cache = Path(os.environ.get("SAMEBOX_TEST_CACHE") or Path.home() / ".cache" / "samebox-tests")
    for run in range(options.runs):
        print(f"run {run + 1} of {options.runs}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=out, prefix="run-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            with serving(out / "sized", cache / "wheels", folder / "server") as url, places(folder, cache) as where:
                for key, cost in _run(folder, url, where, docker=not options.no_docker):
                    costs.setdefault(key, []).append(cost)
    (out / "images.json").write_text(json.dumps({" ".join(k): [asdict(c) for c in v] for k, v in costs.items()}))
    table = _markdown(costs)
    (out / "images.md").write_text(table)
    print(table, end="")
    most = max(
        cost.new_layers
        for (case, tool), found in costs.items()
        if case in _BUMPS and tool != "docker build"
        for cost in found
    )
    return 1 if most > 2 else 0


def _make_packages(channel: Path) -> None:
    """In a process of its own: what this one has in memory is counted for those that it starts (``measure.Usage``)."""
    packages = [sized for packages, _ in _CASES.values() for sized in packages]
    making = multiprocessing.get_context("spawn").Process(target=write_channel, args=(channel, packages))
    making.start()
    making.join()
    if making.exitcode:
        raise SystemExit(f"the packages could not be made: {making.exitcode}")


def _run(folder: Path, url: str, where: Places, *, docker: bool) -> list[tuple[tuple[str, str], Cost]]:
    """All cases in turn, each by both tools."""
    found = []
    for case, (packages, _) in _CASES.items():
        project = folder / case
        _write_project(project, packages, folder.parent / "sized", url)
        found.append(((case, "samebox export oci"), _by_samebox(case, project, where)))
        if docker and case not in _WITHOUT_DOCKER:
            found.append(((case, "docker build"), _by_docker(case, project, where, url)))
        shutil.rmtree(project)
    return found


def _write_project(project: Path, packages: Sequence[Sized], channel: Path, url: str) -> None:
    project.mkdir()
    write_lock(lock_of(channel, packages), project / "conda-lock.yml")
    settings = f"""\
[mirrors]
"{CHANNEL}" = "{url}/sized"
[docker]
base-image = "{BASE}"
build-image = "{BUILD_IMAGE}"
resolve-base = false
"""
    (project / "samebox.toml").write_text(settings)


def _by_samebox(case: str, project: Path, where: Places) -> Cost:
    name = f"{where.registry.host}/oci:{case}"
    options = ("oci", "conda-lock.yml", "--base", str(where.base), "--push", name)
    return _cost("oci", case, [_samebox(*options)], project, where)


def _by_docker(case: str, project: Path, where: Places, url: str) -> Cost:
    """The context is made before: nothing of that is measured."""
    subprocess.run(
        _samebox("docker", "conda-lock.yml", "-o", "context"),
        cwd=project,
        env=_environ(project),
        check=True,
        capture_output=True,
    )
    name = f"{where.registry.host}/docker:{case}"
    client = (where.daemon.client, "--host", f"unix://{where.daemon.socket}")
    arguments = {"PIP_INDEX_URL": f"{url}/simple/", "SAMEBOX_MIRRORS": f"{CHANNEL}={url}/sized"}
    given = [text for pair in arguments.items() for text in ("--build-arg", "=".join(pair))]
    build = [*client, "build", "--network=host", "--progress=plain", *given, "--tag", name, "context"]
    return _cost("docker", case, [build, [*client, "push", name]], project, where)


def _cost(repository: str, case: str, commands: Sequence[Sequence[str]], project: Path, where: Places) -> Cost:
    received, daemon = where.received(), where.cpu()
    cpu = wall = 0.0
    peak = 0
    for command in commands:
        done = run_process(command, folder=project, environ=_environ(project), scratch=project, limit=_LIMIT)
        if done.code:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        cpu, wall, peak = cpu + done.usage.cpu, wall + done.usage.wall, max(peak, done.usage.peak)
    layers = where.layers(repository, case)
    first = set(layers) if case == "image-first" else set(where.layers(repository, "image-first"))
    return Cost(
        cpu=cpu + where.cpu() - daemon,
        wall=wall,
        peak=peak if repository == "oci" else 0,
        pushed=where.received() - received,
        layers=len(layers),
        new_layers=len(layers) if case == "image-first" else len(set(layers) - first),
    )


def _samebox(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "resolver", "export", *arguments]


def _environ(project: Path) -> dict[str, str]:
    own = {"PYTHONPATH": str(_ROOT), "SAMEBOX_CACHE_DIR": str(project.parent / "cache"), "DOCKER_BUILDKIT": "1"}
    return {"PATH": os.environ["PATH"], "HOME": str(project.parent), **own}


def _markdown(costs: Mapping[tuple[str, str], Sequence[Cost]]) -> str:
    """A table of medians, and below it what the cases are."""
    lines = [
        "| case | tool | CPU s | wall s | peak MiB | MB pushed | layers | of them new |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for (case, tool), found in costs.items():
        peak = statistics.median(cost.peak for cost in found)
        cells = [
            f"{statistics.median(cost.cpu for cost in found):.2f}",
            f"{statistics.median(cost.wall for cost in found):.2f}",
            f"{peak / 2**20:.0f}" if peak else "",
            f"{statistics.median(cost.pushed for cost in found) / 1e6:.1f}",
            f"{statistics.median(cost.layers for cost in found):.0f}",
            f"{statistics.median(cost.new_layers for cost in found):.0f}",
        ]
        lines.append(f"| {case} | {tool} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"- {case}: {about}." for case, (_, about) in _CASES.items())]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
