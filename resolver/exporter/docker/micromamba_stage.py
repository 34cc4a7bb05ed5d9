"""The stage that installs the locked environment with micromamba and pip. It is not shipped."""

from __future__ import annotations

from resolver.exporter.docker.base_stage import Base
from resolver.exporter.docker.install_stage import (
    CONTEXT,
    MIRRORS,
    PIP,
    VENV,
    begin_build,
    copy_locks,
    platform_lines,
    then,
)
from resolver.exporter.docker.plan import Plan
from resolver.exporter.docker.shell import fail, glibc_needs, require_glibc, run
from resolver.exporter.quoting import absolute_path, image_reference

__all__ = ["micromamba_stage"]


def micromamba_stage(plan: Plan, base: Base) -> list[str]:
    image = image_reference(plan.docker.build_image, field="docker.build-image")
    return [
        *begin_build(image, base.stage("build")),
        "ARG TARGETARCH\n",
        *copy_locks(plan),
        run([*platform_lines(plan), *_glibc_of_build(plan, image), *_micromamba_lines(plan)]),
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
    return ['case "$platform" in', *cases, "esac;", *then(check)]


def _micromamba_lines(plan: Plan) -> list[str]:
    prefix = absolute_path(plan.docker.prefix, field="docker.prefix")
    explicit = f'"{CONTEXT}/locks/$platform.explicit.txt"'
    offline = " --offline" if plan.strategy == "vendored" else ""
    before = [
        f'sha256sum -c "{CONTEXT}/locks/$platform.sha256" >/dev/null ||',
        f"  {{ {fail('an artifact is not what the lock says')}; }};",
    ]
    if plan.strategy == "thin":
        before = _mirrored_lines(explicit)
        explicit = f"{CONTEXT}/explicit.txt"
    return [
        *before,
        "command -v micromamba >/dev/null ||",
        f"  {{ {fail(f'the build image {plan.docker.build_image} has no micromamba; set docker.build-image')}; }};",
        f"micromamba create --yes --no-rc --no-env --no-pyc{offline} --root-prefix {CONTEXT}/mamba",
        f"  --prefix {prefix} --file {explicit}",
    ]


def _mirrored_lines(explicit: str) -> list[str]:
    """The explicit file with the first mirror that fits each URL; micromamba's own mirrors do not apply to URLs."""
    return [
        "while IFS= read -r line; do",
        f"  for mirror in ${{{MIRRORS}:-}}; do",
        '    case "$line" in',
        '      "${mirror%%=*}"*) line="${mirror#*=}${line#"${mirror%%=*}"}"; break ;;',
        "    esac;",
        "  done;",
        "  printf '%s\\n' \"$line\";",
        f"done <{explicit} >{CONTEXT}/explicit.txt;",
    ]


def _pip_lines(plan: Plan) -> list[str]:
    """Wheels by the environment's own pip, or by one of a venv that looks into the environment."""
    python = f"{absolute_path(plan.docker.prefix, field='docker.prefix')}/bin/python"
    return [
        f'wheels="{CONTEXT}/locks/$(cat {CONTEXT}/platform).requirements.txt";',
        'if [ -s "$wheels" ]; then',
        f"  set -- {python} -I -m pip;",
        '  if ! "$@" --version >/dev/null 2>&1; then',
        f"    {python} -I -m venv {VENV};",
        f"    set -- {VENV}/bin/python -I -m pip --python {python};",
        "  fi;",
        f'  "$@" {PIP.removeprefix("pip ")} --root-user-action ignore',
        '    -r "$wheels";',
        "fi",
    ]
