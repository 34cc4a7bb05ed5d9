"""The Dockerfile's instructions for an application."""

from __future__ import annotations

from collections.abc import Iterator

from resolver.exporter.application import Launch
from resolver.exporter.docker.base_stage import Base, base_option
from resolver.exporter.docker.install_stage import CONTEXT
from resolver.exporter.docker.normal_form import copied_files
from resolver.exporter.docker.plan import Plan
from resolver.exporter.quoting import absolute_path, exec_form
from resolver.model import HealthCheck

__all__ = ["copy_steps", "files_stage", "start_steps"]


def files_stage(launch: Launch | None, plan: Plan, base: Base) -> list[str]:
    """The stage that the files are copied from (see ``normal_form``)."""
    if launch is None or not launch.folders:
        return []
    folders = (folder for folder, _ in launch.folders)
    return copied_files(f"{base_option(plan, base)}{base.name}", base.stage("files"), folders, CONTEXT)


def copy_steps(launch: Launch | None, base: Base) -> list[str]:
    """Root owns what is copied, so that the image's user cannot change it."""
    if launch is None:
        return []
    copy = f"COPY --from={base.stage('files')} {CONTEXT}"
    return [f"{copy}/{folder} {absolute_path(place, field='docker.application')}\n" for folder, place in launch.folders]


def start_steps(launch: Launch | None) -> list[str]:
    """What comes after ``USER``."""
    return list(_start(launch)) if launch is not None else []


def _start(launch: Launch) -> Iterator[str]:
    if launch.ports:
        yield f"EXPOSE {' '.join(map(str, launch.ports))}\n"
    if launch.health_check is not None:
        options = "".join(f"--{name}={value} " for name, value in _options(launch.health_check))
        yield f"HEALTHCHECK {options}CMD {exec_form(launch.health_check.command)}\n"
    if launch.entrypoint:
        yield f"ENTRYPOINT {exec_form(launch.entrypoint)}\n"
    if launch.command:
        yield f"CMD {exec_form(launch.command)}\n"


def _options(check: HealthCheck) -> Iterator[tuple[str, str]]:
    times = (("interval", check.interval), ("timeout", check.timeout), ("start-period", check.start_period))
    yield from ((name, f"{seconds}s") for name, seconds in times if seconds is not None)
    if check.retries is not None:
        yield "retries", str(check.retries)
