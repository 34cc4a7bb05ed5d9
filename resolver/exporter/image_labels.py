"""What leads from an image back to its lock and its base: labels, those of OCI's annotations and our own."""

from __future__ import annotations

from resolver import canonicalizer
from resolver.exporter.base_choice import BaseChoice
from resolver.exporter.image_key import KEY_LABEL
from resolver.exporter.quoting import label_key, unique
from resolver.model import Digest, DockerSection, Lock

__all__ = ["image_labels"]


def image_labels(
    lock: Lock,
    docker: DockerSection,
    base: BaseChoice,
    platforms: tuple[str, ...],
    groups: tuple[str, ...],
    key: Digest | None,
) -> tuple[tuple[str, str], ...]:
    labels = {} if docker.user_managed else {"org.opencontainers.image.version": canonicalizer.digest(lock).hex[:12]}
    image, _, pinned = base.image.partition("@")
    if image:
        labels["org.opencontainers.image.base.name"] = image
    if pinned:
        labels["org.opencontainers.image.base.digest"] = pinned
    if lock.name:
        labels["org.opencontainers.image.title"] = lock.name
    labels |= {label_key(key): value for key, value in unique(docker.labels, "label")}
    if key is not None:
        labels[KEY_LABEL] = str(key)
    labels |= {} if docker.user_managed else _labels_of_lock(lock, platforms, groups)
    return tuple(sorted(labels.items()))


def _labels_of_lock(lock: Lock, platforms: tuple[str, ...], groups: tuple[str, ...]) -> dict[str, str]:
    labels = {
        "io.samebox.lock.digest": str(canonicalizer.digest(lock)),
        "io.samebox.groups": " ".join(groups),
        "io.samebox.platform": " ".join(platforms),
    }
    for platform in platforms:
        part = canonicalizer.digest(lock, platform=platform, groups=groups)
        labels[f"io.samebox.environment.digest.{platform}"] = str(part)
    return labels
