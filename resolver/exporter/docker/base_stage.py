"""What an image is built on, in the Dockerfile: an image of others, stages of the user's, system packages over it."""

from __future__ import annotations

from resolver.exporter.architectures import image_platform
from resolver.exporter.docker.apt import apt_steps
from resolver.exporter.docker.base_dockerfile import free_name, read_base_dockerfile
from resolver.exporter.docker.plan import Plan
from resolver.exporter.quoting import image_reference
from resolver.values import dataclass

__all__ = ["Base", "base_of", "base_option"]


_ROOT = ("# The stage that is shipped comes later.\n", "# hadolint ignore=DL3002\n", "USER 0\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """``lines`` are the instructions that make it (none for an image by its name), ``name`` is what ``FROM`` calls it.

    ``called`` and ``setting`` are for messages; ``taken`` are the names of stages that are not free.
    """

    lines: tuple[str, ...]
    name: str
    called: str
    setting: str
    taken: frozenset[str]

    def stage(self, name: str) -> str:
        """What a stage of ours is called."""
        return free_name(name, self.taken)


def base_of(plan: Plan) -> Base:
    """Raises ``SettingsError`` for what cannot be a base."""
    below = _below(plan)
    if not plan.docker.apt:
        return below
    name = below.stage("system")
    steps = apt_steps(plan.docker, image=below.called, setting=below.setting)
    return Base(
        lines=(*below.lines, f"FROM {below.name} AS {name}\n", *_ROOT, *steps, "\n"),
        name=name,
        called=below.called,
        setting=below.setting,
        taken=below.taken | {name},
    )


def base_option(plan: Plan, base: Base) -> str:
    """The option of ``FROM``. buildah 1.28 would take the base for the machine of the stage before (see
    ``samebox_stage``). A stage of the Dockerfile is for the image's platform already."""
    own = image_platform(plan.platforms[0])
    return f"--platform=${{TARGETPLATFORM:-{own}}} " if plan.cross and not base.lines else ""


def _below(plan: Plan) -> Base:
    docker = plan.docker
    if docker.base_dockerfile:
        written = read_base_dockerfile(docker.base_dockerfile)
        setting = "docker.base-dockerfile"
        return Base(
            lines=(written.text, "\n"),
            name=written.stage,
            called=f"the image of {setting}",
            setting=setting,
            taken=written.names,
        )
    is_other = plan.gpu and docker.gpu_base_image
    setting = "docker.gpu-base-image" if is_other else "docker.base-image"
    image = image_reference(docker.gpu_base_image if is_other else docker.base_image, field=setting)
    return Base(lines=(), name=image, called=f"the base image {image}", setting=setting, taken=frozenset())
