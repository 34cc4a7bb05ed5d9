"""The text of the Dockerfile: two stages, one that installs and one that is shipped.

No here-documents, no ``SHELL``, no ``# syntax`` line, no mounts: Docker with and without BuildKit, buildah and podman
all read it. The same plan always gives the same text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from resolver.exporter.quoting import (
    absolute_path,
    exec_form,
    image_reference,
    image_user,
    key_values,
    quoted,
    variable,
)
from resolver.exporter.shell import choose_platform, create_user, fail, glibc_needs, require_glibc, run
from resolver.model import DockerSection

__all__ = ["Installer", "Plan", "Strategy", "render"]

Strategy = Literal["thin", "vendored"]
Installer = Literal["samebox", "micromamba"]

_CONTEXT = "/tmp/samebox"
_VENV = "/tmp/samebox-installer"
_BUILD_GLIBC = "2.28"  # what py-rattler's wheels for other machines than x86_64 are made for
_PIP = (
    "pip install --no-cache-dir --disable-pip-version-check --no-compile --no-deps --only-binary :all: --require-hashes"
)
_MIRRORS = "SAMEBOX_MIRRORS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the Dockerfile's text depends on.

    ``glibc`` pairs each platform with the version that the lock needs there (``""``: none). ``base_python`` says that
    the lock brings wheels but no Python of its own, so that the base image's is used. ``conda`` says that the prefix
    is a conda environment. ``variables`` and ``labels`` are sorted.
    """

    docker: DockerSection
    glibc: tuple[tuple[str, str], ...]
    strategy: Strategy
    installer: Installer
    conda: bool
    base_python: bool
    variables: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]


def render(plan: Plan) -> str:
    """The Dockerfile. Raises ``SettingsError`` for a value that cannot be written into one."""
    build = _samebox_stage(plan) if plan.installer == "samebox" else _micromamba_stage(plan)
    return "\n".join(("".join(build), "".join(_final_stage(plan))))


def _samebox_stage(plan: Plan) -> list[str]:
    return [
        *_begin_build(_build_image(plan)),
        "ARG TARGETARCH\n",
        *(["ARG PIP_INDEX_URL\n"] if plan.strategy == "thin" else []),
        f"COPY installer {_CONTEXT}/installer\n",
        run([*_platform_lines(plan), *_build_image_lines(plan), *_make_venv_lines(plan)]),
        *_copy_locks(plan),
        run(_install_slice_lines(plan)),
    ]


def _begin_build(image: str) -> list[str]:
    return [
        "# Installs the locked environment. Whatever comes in is checked against its sha256.\n",
        f"FROM {image} AS build\n",
        "# This stage is not shipped, so it may be root.\n",
        "# hadolint ignore=DL3002\n",
        "USER 0\n",
    ]


def _build_image(plan: Plan) -> str:
    image, field = _build_source(plan)
    return image_reference(image, field=field)


def _build_source(plan: Plan) -> tuple[str, str]:
    """The build stage's image, and the setting that names it. Wheels are installed for the Python that runs them."""
    if plan.base_python:
        return plan.docker.base_image, "docker.base-image"
    return plan.docker.build_image, "docker.build-image"


def _platform_lines(plan: Plan) -> list[str]:
    chosen = choose_platform([(platform, f"platform={platform}") for platform, _ in plan.glibc])
    return [*chosen, f'echo "$platform" >{_CONTEXT}/platform;']


def _build_image_lines(plan: Plan) -> list[str]:
    image, setting = _build_source(plan)
    named = f"the build image {image}"
    return [
        f"need={_BUILD_GLIBC};",
        *_then(require_glibc(image=named, setting=setting)),
        "python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||",
        f"  {{ {fail(f'{named} must have Python 3.11 or later as python3; set {setting}')}; }};",
    ]


def _then(lines: list[str]) -> list[str]:
    """``lines`` with more commands to follow."""
    return [*lines[:-1], f"{lines[-1]};"] if lines else []


def _make_venv_lines(plan: Plan) -> list[str]:
    image, setting = _build_source(plan)
    offline = f" --no-index --find-links {_CONTEXT}/installer/wheels" if plan.strategy == "vendored" else ""
    return [
        f"python3 -m venv {_VENV} ||",
        f"  {{ {fail(f'the build image {image} must have the module venv (Debian: python3-venv); set {setting}')}; }};",
        f"{_VENV}/bin/python -I -m {_PIP}{offline}",
        f'  -r "{_CONTEXT}/installer/$platform.txt"',
    ]


def _copy_locks(plan: Plan) -> list[str]:
    if plan.strategy == "vendored":
        return [f"COPY locks {_CONTEXT}/locks\n", f"COPY artifacts {_CONTEXT}/artifacts\n"]
    return [f"COPY locks {_CONTEXT}/locks\n", f"ARG {_MIRRORS}\n"]


def _install_slice_lines(plan: Plan) -> list[str]:
    prefix = absolute_path(plan.docker.prefix, field="docker.prefix")
    python = ['set -- "$@" --python "$(command -v python3)";'] if plan.base_python else []
    source = [f'set -- "$@" --artifacts {_CONTEXT}/artifacts;']
    if plan.strategy == "thin":
        source = [f'for mirror in ${{{_MIRRORS}:-}}; do set -- "$@" --mirror "$mirror"; done;']
    return [
        f'platform="$(cat {_CONTEXT}/platform)";',
        f'set -- "{_CONTEXT}/locks/$platform.json" --prefix {prefix};',
        *python,
        *source,
        f'{_VENV}/bin/python -I {_CONTEXT}/installer/slice_installer.py "$@"',
    ]


def _micromamba_stage(plan: Plan) -> list[str]:
    image = image_reference(plan.docker.build_image, field="docker.build-image")
    return [
        *_begin_build(image),
        "ARG TARGETARCH\n",
        *_copy_locks(plan),
        run([*_platform_lines(plan), *_glibc_of_build(plan, image), *_micromamba_lines(plan)]),
        *(["ARG PIP_INDEX_URL\n"] if plan.strategy == "thin" else []),
        run(_pip_lines(plan)),
    ]


def _glibc_of_build(plan: Plan, image: str) -> list[str]:
    """micromamba and pip run programs of the environment, and check no glibc themselves."""
    needs = glibc_needs(plan.glibc)
    if not needs:
        return []
    cases = [f"  {platform}) {assignment} ;;" for platform, assignment in needs]
    check = require_glibc(image=f"the build image {image}", setting="docker.build-image")
    return ['case "$platform" in', *cases, "esac;", *_then(check)]


def _micromamba_lines(plan: Plan) -> list[str]:
    prefix = absolute_path(plan.docker.prefix, field="docker.prefix")
    explicit = f'"{_CONTEXT}/locks/$platform.explicit.txt"'
    offline = " --offline" if plan.strategy == "vendored" else ""
    before = [
        f'sha256sum -c "{_CONTEXT}/locks/$platform.sha256" >/dev/null ||',
        f"  {{ {fail('an artifact is not what the lock says')}; }};",
    ]
    if plan.strategy == "thin":
        before = _mirrored_lines(explicit)
        explicit = f"{_CONTEXT}/explicit.txt"
    return [
        *before,
        "command -v micromamba >/dev/null ||",
        f"  {{ {fail(f'the build image {plan.docker.build_image} has no micromamba; set docker.build-image')}; }};",
        f"micromamba create --yes --no-rc --no-env --no-pyc{offline} --root-prefix {_CONTEXT}/mamba",
        f"  --prefix {prefix} --file {explicit}",
    ]


def _mirrored_lines(explicit: str) -> list[str]:
    """The explicit file with the first mirror that fits each URL; micromamba's own mirrors do not apply to URLs."""
    return [
        "while IFS= read -r line; do",
        f"  for mirror in ${{{_MIRRORS}:-}}; do",
        '    case "$line" in',
        '      "${mirror%%=*}"*) line="${mirror#*=}${line#"${mirror%%=*}"}"; break ;;',
        "    esac;",
        "  done;",
        "  printf '%s\\n' \"$line\";",
        f"done <{explicit} >{_CONTEXT}/explicit.txt;",
    ]


def _pip_lines(plan: Plan) -> list[str]:
    """Wheels by the environment's own pip, or by one of a venv that looks into the environment."""
    python = f"{absolute_path(plan.docker.prefix, field='docker.prefix')}/bin/python"
    return [
        f'wheels="{_CONTEXT}/locks/$(cat {_CONTEXT}/platform).requirements.txt";',
        'if [ -s "$wheels" ]; then',
        f"  set -- {python} -I -m pip;",
        '  if ! "$@" --version >/dev/null 2>&1; then',
        f"    {python} -I -m venv {_VENV};",
        f"    set -- {_VENV}/bin/python -I -m pip --python {python};",
        "  fi;",
        f'  "$@" {_PIP.removeprefix("pip ")} --root-user-action ignore',
        '    -r "$wheels";',
        "fi",
    ]


def _final_stage(plan: Plan) -> list[str]:
    docker = plan.docker
    base = image_reference(docker.base_image, field="docker.base-image")
    prefix = absolute_path(docker.prefix, field="docker.prefix")
    workdir = absolute_path(docker.workdir, field="docker.workdir")
    user = image_user(docker.user)
    # the environment's own folders come last, so that they win over a variable of the same name
    own = [f"CONDA_PREFIX={prefix}"] if plan.conda else []
    return [
        f"FROM {base}\n",
        "USER 0\n",
        *_glibc_of_base(plan, base),
        run(create_user(user, workdir)),
        f"COPY --from=build {prefix} {prefix}\n",
        *([key_values("ENV", [variable(*pair) for pair in plan.variables])] if plan.variables else []),
        key_values("ENV", [*own, f"PATH={prefix}/bin:$PATH"]),
        key_values("LABEL", [f"{key}={quoted(value, field=f'labels.{key}')}" for key, value in plan.labels]),
        f"WORKDIR {workdir}\n",
        f"USER {user.uid}:{user.gid}\n",
        *([f"CMD {exec_form(docker.command)}\n"] if docker.command else []),
    ]


def _glibc_of_base(plan: Plan, base: str) -> list[str]:
    """The instructions that refuse a base image on which the environment would not run."""
    needs = glibc_needs(plan.glibc)
    check = require_glibc(image=f"the base image {base}", setting="docker.base-image")
    assignments = {assignment for _, assignment in needs}
    if not needs:
        return []
    if len(assignments) == 1:
        return [run([f"{assignments.pop()};", *check])]
    return ["ARG TARGETARCH\n", run([*choose_platform(needs), *check])]
