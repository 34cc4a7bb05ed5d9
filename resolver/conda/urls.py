"""The canonical URLs of channels: what a lock holds, whatever mirror the bytes come from."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["CHANNEL_ALIAS", "canonical_channel_url", "expand_defaults"]

CHANNEL_ALIAS = "https://conda.anaconda.org"
"""The server of channels that are named without one."""

_DEFAULTS = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")


def canonical_channel_url(channel: str) -> str:
    """``conda-forge``, ``conda-forge/label/x`` or a URL as the one URL that a lock holds, without a trailing slash."""
    if "://" in channel:
        return re.sub(r"(?<=.)/+\Z", "", channel)
    return f"{CHANNEL_ALIAS}/{channel.strip('/')}"


def expand_defaults(channels: Iterable[str]) -> tuple[str, ...]:
    """Canonical URLs in order, ``defaults`` replaced by the channels that it stands for, ``nodefaults`` dropped."""
    urls: list[str] = []
    for channel in channels:
        if channel == "nodefaults":
            continue
        urls.extend(_DEFAULTS if channel == "defaults" else (canonical_channel_url(channel),))
    return tuple(dict.fromkeys(urls))
