"""An image whose base the user manages: no environment is installed, the base's own interpreter is checked instead.

The check is a stage of its own, so that nothing of it is shipped but a list of what the interpreter has. The final
stage copies that list: without it a builder would not run the check.
"""

from __future__ import annotations

from importlib import resources

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from resolver.errors import SettingsError
from resolver.exporter.docker.base_stage import Base, base_option
from resolver.exporter.docker.install_stage import CONTEXT, VENV, build_option
from resolver.exporter.docker.plan import Plan
from resolver.exporter.docker.shell import fail, run
from resolver.exporter.docker.wheelhouse import checker_wheel, hashed_requirements
from resolver.exporter.quoting import absolute_path, image_reference, image_user
from resolver.model import DockerSection, Lock, PlatformLock
from resolver.values import replace

__all__ = ["check_files", "check_stages", "copy_report", "installed_lock", "required_packages"]

_CHECK = f"{CONTEXT}/check"
_REPORT = f"{CONTEXT}/report/packages.txt"
_PLACE = "/usr/share/samebox/packages.txt"
_FIELD = "docker.required-packages"


def installed_lock(lock: Lock, docker: DockerSection) -> Lock:
    """What of a lock an image installs: all, or nothing on each of its platforms, which then needs no glibc either."""
    if not docker.user_managed:
        return lock
    nothing = tuple(PlatformLock(platform=p.platform, packages=()) for p in lock.platforms)
    return replace(lock, platforms=nothing, evidence=None)


def required_packages(docker: DockerSection) -> tuple[str, ...]:
    """The requirements in one spelling, sorted; what serves is one of them. Raises ``SettingsError`` for extras, URLs
    and what is none."""
    found = set()
    for text in (*docker.required_packages, *_server(docker)):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise SettingsError(f"not a requirement: {text!r}", field=_FIELD) from error
        if requirement.url is not None or requirement.extras:
            raise SettingsError(f"only a name, versions and a marker can be checked: {text!r}", field=_FIELD)
        requirement.name = canonicalize_name(requirement.name)
        found.add(str(requirement))
    return tuple(sorted(found))


def _server(docker: DockerSection) -> tuple[str, ...]:
    application = docker.application
    return (application.server,) if application is not None and application.preset == "serve" else ()


def check_files(docker: DockerSection) -> tuple[tuple[str, bytes], ...]:
    """What the context has in ``check/``, but for the wheel."""
    wheel = checker_wheel()
    module = resources.files("resolver.exporter.docker") / "check_packages.py"
    return (
        ("check/check_packages.py", module.read_bytes()),
        ("check/packages.txt", "".join(f"{text}\n" for text in required_packages(docker)).encode()),
        ("check/requirements.txt", hashed_requirements([(wheel.name, wheel.version, wheel.sha256)]).encode()),
    )


def check_stages(plan: Plan, base: Base) -> list[str]:
    """The stage of the check, with one that downloads what it needs before it, if need be."""
    user = image_user(plan.docker.user)
    fetch, fetched = [], []
    if plan.strategy == "thin":
        fetch = _fetch_stage(plan, base)
        fetched = [f"COPY --from={base.stage('fetch')} {_CHECK}/wheels {_CHECK}/wheels\n"]
    return [
        *fetch,
        "# Checks the base's own interpreter, as the user that the image will have.\n",
        f"FROM {base_option(plan, base)}{base.name} AS {base.stage('check')}\n",
        "USER 0\n",
        f"COPY check {_CHECK}\n",
        *fetched,
        run([f"mkdir {CONTEXT}/report;", f"chown {user.uid}:{user.gid} {CONTEXT}/report"]),
        f"USER {user.uid}:{user.gid}\n",
        run(_check_lines(plan, base)),
    ]


def copy_report(base: Base) -> list[str]:
    return [f"COPY --from={base.stage('check')} {_REPORT} {_PLACE}\n"]


def _fetch_stage(plan: Plan, base: Base) -> list[str]:
    image = image_reference(plan.docker.build_image, field="docker.build-image")
    no_venv = f"the build image {image} must have Python as python3, with venv; set docker.build-image"
    return [
        f"FROM {build_option(plan)}{image} AS {base.stage('fetch')}\n",
        "# This stage is not shipped, so it may be root.\n",
        "# hadolint ignore=DL3002\n",
        "USER 0\n",
        "ARG PIP_INDEX_URL\n",
        f"COPY check {_CHECK}\n",
        run(
            [
                f"python3 -m venv {VENV} || {{ {fail(no_venv)}; }};",
                f"{VENV}/bin/python -I -m pip download --no-cache-dir --disable-pip-version-check --no-deps",
                f"  --only-binary :all: --require-hashes --dest {_CHECK}/wheels -r {_CHECK}/requirements.txt",
            ]
        ),
        "\n",
    ]


def _check_lines(plan: Plan, base: Base) -> list[str]:
    python = absolute_path(plan.docker.interpreter_path, field="docker.interpreter-path")
    wheel = checker_wheel()
    missing = f"{base.called} has no {python} that its user may run; set docker.interpreter-path"
    old = f"{python} of {base.called} must be Python 3.8 or later; set docker.interpreter-path"
    return [
        f"[ -x {python} ] || {{ {fail(missing)}; }};",
        f"{python} -s -c 'import sys; sys.exit(sys.version_info < (3, 8))' || {{ {fail(old)}; }};",
        f"{python} -B -s {_CHECK}/check_packages.py {_CHECK}/packages.txt --report {_REPORT}",
        f"  --packaging {_CHECK}/wheels/{wheel.file_name} --sha256 {wheel.sha256}",
    ]
