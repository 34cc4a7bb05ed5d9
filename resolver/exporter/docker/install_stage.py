"""What both ways to install have in common: the beginning of the build stage, and what it takes from the context."""

from __future__ import annotations

from collections.abc import Sequence

from resolver.exporter.architectures import image_platform
from resolver.exporter.docker.plan import Plan
from resolver.exporter.docker.shell import choose_platform

__all__ = [
    "CACHE",
    "CONTEXT",
    "MIRRORS",
    "PIP",
    "VENV",
    "begin_build",
    "build_option",
    "copy_locks",
    "mounts",
    "netrc_lines",
    "pip",
    "platform_lines",
    "then",
]

CONTEXT = "/tmp/samebox"
"""Where the files of the context lie in the build stage."""

CACHE = "/tmp/samebox-cache"
"""Where the builder mounts what it keeps from one build to the next."""

_NETRC = "/run/secrets/netrc"
VENV = "/tmp/samebox-installer"
MIRRORS = "SAMEBOX_MIRRORS"
PIP = (
    "pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps --only-binary :all: --require-hashes"
)


def begin_build(image: str, stage: str, *, from_option: str = "") -> list[str]:
    return [
        "# Installs the locked environment. Whatever comes in is checked against its sha256.\n",
        f"FROM {from_option}{image} AS {stage}\n",
        "# This stage is not shipped, so it may be root.\n",
        "# hadolint ignore=DL3002\n",
        "USER 0\n",
    ]


def build_option(plan: Plan) -> str:
    """The option of ``FROM`` for what runs on the builder's machine. Docker's old builder knows no BUILDPLATFORM, and
    makes no image for several platforms: it gets the first."""
    if not plan.cross:
        return ""
    first = next((platform for platform in plan.platforms if platform in plan.build_platforms), plan.build_platforms[0])
    return f"--platform=${{BUILDPLATFORM:-{image_platform(first)}}} "


def mounts(plan: Plan) -> tuple[str, ...]:
    """The mounts of a step that downloads. Two builds at once take turns, since both may write the same file."""
    if plan.strategy == "vendored":
        return ()
    secrets = (f"type=secret,id=netrc,target={_NETRC}",) if plan.lend_netrc else ()
    kept = (f"type=cache,id=samebox-downloads,target={CACHE},sharing=locked",) if plan.cache_mounts else ()
    return (*kept, *secrets)


def netrc_lines(plan: Plan) -> list[str]:
    """Let pip and the installer find the netrc file, where the builder has been given one."""
    return [f"if [ -e {_NETRC} ]; then export NETRC={_NETRC}; fi;"] if plan.lend_netrc and mounts(plan) else []


def pip(plan: Plan) -> str:
    """``pip install`` of locked wheels."""
    return PIP.replace("--no-cache-dir", f"--cache-dir {CACHE}/pip") if plan.cache_mounts and mounts(plan) else PIP


def platform_lines(plan: Plan) -> list[str]:
    chosen = choose_platform([(platform, f"platform={platform}") for platform, _ in plan.glibc])
    return [*chosen, f'echo "$platform" >{CONTEXT}/platform;']


def copy_locks(plan: Plan) -> list[str]:
    if plan.strategy == "vendored":
        return [f"COPY locks {CONTEXT}/locks\n", f"COPY artifacts {CONTEXT}/artifacts\n"]
    carried = [f"COPY artifacts {CONTEXT}/artifacts\n"] if plan.carried else []
    return [f"COPY locks {CONTEXT}/locks\n", *carried, f"ARG {MIRRORS}\n"]


def then(lines: Sequence[str]) -> list[str]:
    """``lines`` with more commands to follow."""
    return [*lines[:-1], f"{lines[-1]};"] if lines else []
