"""The text of the Dockerfile: what it is built on, a stage that installs, or checks what is there, one that is shipped.

But for a base that the user writes there are no here-documents, no ``SHELL``, no ``# syntax`` line, and no mounts
unless they are asked for: Docker with and without BuildKit, buildah and podman all read it. The same plan always gives
the same text.
"""

from __future__ import annotations

from resolver.exporter.docker.application_steps import copy_steps, files_stage, start_steps
from resolver.exporter.docker.base_stage import Base, base_of, base_option
from resolver.exporter.docker.micromamba_stage import micromamba_stage
from resolver.exporter.docker.plan import Installer, Plan, Strategy
from resolver.exporter.docker.samebox_stage import samebox_stage
from resolver.exporter.docker.shell import (
    choose_platform,
    create_user,
    glibc_needs,
    require_glibc,
    require_machine,
    run,
)
from resolver.exporter.docker.user_managed import check_stages, copy_report
from resolver.exporter.gpu import with_gpu_variables
from resolver.exporter.quoting import (
    absolute_path,
    exec_form,
    image_user,
    key_values,
    quoted,
    variable,
)

__all__ = ["Installer", "Plan", "Strategy", "render"]


def render(plan: Plan) -> str:
    """The Dockerfile. Raises ``SettingsError`` for a value that cannot be written into one."""
    base = base_of(plan)
    stages = (*_environment_stages(plan, base), "\n", *files_stage(plan.launch, plan, base))
    return "".join((*base.lines, *stages, *_final_stage(plan, base)))


def _environment_stages(plan: Plan, base: Base) -> list[str]:
    """What comes before the stage that is shipped."""
    if plan.docker.user_managed:
        return check_stages(plan, base)
    return samebox_stage(plan, base) if plan.installer == "samebox" else micromamba_stage(plan, base)


def _final_stage(plan: Plan, base: Base) -> list[str]:
    docker = plan.docker
    prefix = absolute_path(docker.prefix, field="docker.prefix")
    launch, user = plan.launch, image_user(docker.user)
    own_workdir = launch is None or launch.own_workdir
    workdir = absolute_path(launch.workdir if launch is not None else docker.workdir, field="docker.workdir")
    variables = with_gpu_variables(plan.variables, gpu=plan.gpu)
    return [
        f"FROM {base_option(plan, base)}{base.name}\n",
        "USER 0\n",
        *_machine_of_base(plan, base),
        *_glibc_of_base(plan, base),
        run(create_user(user, workdir if own_workdir else None)),
        *(copy_report(base) if docker.user_managed else [f"COPY --from={base.stage('build')} {prefix} {prefix}\n"]),
        *([key_values("ENV", [variable(*pair) for pair in variables])] if variables else []),
        *([] if docker.user_managed else _environment_variables(plan, prefix)),
        *_labels(plan),
        *copy_steps(launch, base),
        f"WORKDIR {workdir}\n",
        f"USER {user.uid}:{user.gid}\n",
        *([f"CMD {exec_form(docker.command)}\n"] if docker.command else []),
        *start_steps(launch),
    ]


def _machine_of_base(plan: Plan, base: Base) -> list[str]:
    """Where stages are for different machines, a builder that mixes them up must not go unnoticed."""
    if not plan.cross:
        return []
    return ["ARG TARGETARCH\n", run(require_machine(plan.platforms, image=base.called))]


def _labels(plan: Plan) -> list[str]:
    pairs = [f"{key}={quoted(value, field=f'labels.{key}')}" for key, value in plan.labels]
    return [key_values("LABEL", pairs)] if pairs else []


def _environment_variables(plan: Plan, prefix: str) -> list[str]:
    """The environment's own folders come last, so that they win over a variable of the same name."""
    own = [f"CONDA_PREFIX={prefix}"] if plan.conda else []
    return [key_values("ENV", [*own, f"PATH={prefix}/bin:$PATH"])]


def _glibc_of_base(plan: Plan, base: Base) -> list[str]:
    """The instructions that refuse a base image on which the environment would not run."""
    needs = glibc_needs(plan.glibc)
    check = require_glibc(image=base.called, setting=base.setting)
    assignments = {assignment for _, assignment in needs}
    if not needs:
        return []
    if len(assignments) == 1:
        return [run([f"{assignments.pop()};", *check])]
    declared = [] if plan.cross else ["ARG TARGETARCH\n"]
    return [*declared, run([*choose_platform(needs), *check])]
