"""conda subdirs that images are made for, in the words of builders and of the machines themselves."""

from __future__ import annotations

__all__ = ["ARCHITECTURES", "image_platform"]

ARCHITECTURES = {
    "linux-64": ("amd64", "x86_64"),
    "linux-aarch64": ("arm64", "aarch64"),
    "linux-ppc64le": ("ppc64le", "ppc64le"),
    "linux-riscv64": ("riscv64", "riscv64"),
    "linux-s390x": ("s390x", "s390x"),
}
"""conda subdir: what ``TARGETARCH`` calls it (Go's GOARCH), and what ``uname -m`` does."""


def image_platform(platform: str) -> str:
    """A conda subdir in the words of builders: ``linux/arm64``."""
    return f"linux/{ARCHITECTURES[platform][0]}"
