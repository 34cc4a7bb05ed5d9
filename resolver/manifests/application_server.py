"""What an image's preset asks for besides the manifests: the HTTP server of ``serve`` is locked like anything else."""

from __future__ import annotations

from resolver.model import SERVE, DockerSection, EnvironmentSpec
from resolver.values import replace

__all__ = ["with_server"]


def with_server(spec: EnvironmentSpec, docker: DockerSection) -> EnvironmentSpec:
    """``spec`` with the server in the group ``serve`` where the preset needs one, and the image installs it. Its origin
    is the setting. Raises ``ManifestError`` for what is no requirement."""
    application = docker.application
    if application is None or application.preset != "serve" or docker.user_managed:
        return spec
    from resolver.manifests.reading import Reading
    from resolver.manifests.requirement import parse_requirement

    source = application.origin.source if application.origin is not None else "docker.application.server"
    line = application.origin.line if application.origin is not None else None
    server = parse_requirement(application.server, Reading(source=source, group=SERVE), line)
    return replace(spec, pip=(*spec.pip, server))
