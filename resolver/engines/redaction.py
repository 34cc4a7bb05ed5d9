"""What may not be kept of what a builder says."""

from __future__ import annotations

import re

__all__ = ["redacted"]

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_USER_INFORMATION = re.compile(r"(?<=://)[^\s/'\"]+@")
_TOKEN = re.compile(r"(?<=/t/)[^\s/'\"]+(?=/)")
_HEADER = re.compile(r"(?i)(\b(?:authorization|proxy-authorization)\s*:\s*(?:basic|bearer)?)\s+\S+")


def redacted(text: str) -> str:
    """``text`` without the user information of URLs, conda's ``/t/TOKEN/`` and the value of ``Authorization``.

    A build context holds no secrets; but a builder may tell the URL of a proxy or of a registry with them. Colours and
    other control characters are left out too: what a step prints does not move the cursor of who reads it.
    """
    text = _CONTROL.sub("", text)
    text = _USER_INFORMATION.sub("***@", text)
    text = _TOKEN.sub("***", text)
    return _HEADER.sub(r"\1 ***", text)
