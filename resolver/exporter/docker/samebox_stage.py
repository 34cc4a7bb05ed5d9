"""The stage that installs the locked environment with Samebox's own installer. It is not shipped."""

from __future__ import annotations

from resolver.exporter.docker.base_stage import Base
from resolver.exporter.docker.install_stage import (
    CACHE,
    CONTEXT,
    MIRRORS,
    VENV,
    begin_build,
    build_option,
    copy_locks,
    mounts,
    netrc_lines,
    pip,
    platform_lines,
    then,
)
from resolver.exporter.docker.plan import Plan
from resolver.exporter.docker.shell import choose_installer, fail, require_glibc, run
from resolver.exporter.quoting import absolute_path, image_reference
from resolver.values import dataclass

__all__ = ["samebox_stage"]

_BUILD_GLIBC = "2.28"  # what py-rattler's wheels for other machines than x86_64 are made for


def samebox_stage(plan: Plan, base: Base) -> list[str]:
    source = _source_of(plan, base)
    return [
        *begin_build(source.image, base.stage("build"), from_option=build_option(plan)),
        "ARG TARGETARCH\n",
        *(["ARG PIP_INDEX_URL\n"] if plan.strategy == "thin" else []),
        f"COPY installer {CONTEXT}/installer\n",
        run([*platform_lines(plan), *_image_lines(source), *_make_venv_lines(plan, source)], mounts=mounts(plan)),
        *copy_locks(plan),
        run(_install_slice_lines(plan), mounts=mounts(plan)),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The build stage's image: what ``FROM`` and messages call it, and the setting that names it."""

    image: str
    called: str
    setting: str


def _source_of(plan: Plan, base: Base) -> _Source:
    """Wheels are installed for the Python that runs them, which may be the base's."""
    if plan.base_python:
        return _Source(image=base.name, called=base.called, setting=base.setting)
    setting = "docker.build-image"
    image = image_reference(plan.docker.build_image, field=setting)
    return _Source(image=image, called=f"the build image {image}", setting=setting)


def _image_lines(source: _Source) -> list[str]:
    old = f"{source.called} must have Python 3.11 or later as python3; set {source.setting}"
    return [
        f"need={_BUILD_GLIBC};",
        *then(require_glibc(image=source.called, setting=source.setting)),
        "python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||",
        f"  {{ {fail(old)}; }};",
    ]


def _make_venv_lines(plan: Plan, source: _Source) -> list[str]:
    without = f"{source.called} must have the module venv (Debian: python3-venv); set {source.setting}"
    own = "$installer" if plan.cross else "$platform"
    offline = f" --no-index --find-links {CONTEXT}/installer/wheels" if plan.strategy == "vendored" else ""
    return [
        f"python3 -m venv {VENV} ||",
        f"  {{ {fail(without)}; }};",
        *(choose_installer(plan.build_platforms) if plan.cross else []),
        *netrc_lines(plan),
        f"{VENV}/bin/python -I -m {pip(plan)}{offline}",
        f'  -r "{CONTEXT}/installer/{own}.txt"',
    ]


def _install_slice_lines(plan: Plan) -> list[str]:
    prefix = absolute_path(plan.docker.prefix, field="docker.prefix")
    python = ['set -- "$@" --python "$(command -v python3)";'] if plan.base_python else []
    source = [f'set -- "$@" --artifacts {CONTEXT}/artifacts;']
    if plan.strategy == "thin":
        source = [f'for mirror in ${{{MIRRORS}:-}}; do set -- "$@" --mirror "$mirror"; done;']
        source += [f'set -- "$@" --cache {CACHE}/artifacts;'] if plan.cache_mounts else []
        source += [f'set -- "$@" --carried {CONTEXT}/artifacts;'] if plan.carried else []
    return [
        f'platform="$(cat {CONTEXT}/platform)";',
        f'set -- "{CONTEXT}/locks/$platform.json" --prefix {prefix};',
        *python,
        *source,
        *netrc_lines(plan),
        f'{VENV}/bin/python -I {CONTEXT}/installer/slice_installer.py "$@"',
    ]
