"""Passwords that the operating system keeps, asked of the ``keyring`` command, as pip and uv do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping

from resolver.errors import SettingsError

__all__ = ["password_from_keyring"]

_SECONDS = 120
"""Long enough for a person to unlock the keyring."""


def password_from_keyring(services: Iterable[str], user: str, environ: Mapping[str, str]) -> str | None:
    """What ``keyring get SERVICE USER`` says for the first of the services that it knows, or ``None``.

    ``environ`` is the environment of the command, and its ``PATH`` the place to look for it. Raises ``SettingsError``
    where there is no such command, or it does not come back.
    """
    command = shutil.which("keyring", path=environ.get("PATH", ""))
    if command is None:
        raise SettingsError(
            "keyring-provider is 'subprocess', and there is no command keyring on the PATH",
            hint="install it (the Python package keyring), or take the setting out",
        )
    for service in services:
        try:
            ended = subprocess.run(
                [command, "get", service, user],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,  # what it says may quote a password, and goes nowhere
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise SettingsError(f"keyring did not answer within {_SECONDS} seconds when asked for {service}") from None
        except OSError as error:
            raise SettingsError(f"{command}: cannot be run: {error.strerror}") from error
        password = ended.stdout.decode("utf-8", "replace").rstrip("\r\n")
        if ended.returncode == 0 and password:
            return password
    return None
