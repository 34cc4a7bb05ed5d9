"""Docker's credential helpers: programs ``docker-credential-NAME`` that keep passwords, asked by their protocol
(``get``, the server's name on standard input, JSON back)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping

import msgspec

from resolver.errors import SettingsError

__all__ = ["ask_helper"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SECONDS = 120
"""Long enough for a person to unlock the keychain."""
_NOT_FOUND = "credentials not found"
"""How every helper says that it knows nothing of a server (``docker-credential-helpers/credentials/error.go``)."""


class _Answer(msgspec.Struct, rename="pascal"):
    username: str
    secret: str


def ask_helper(name: str, server: str, environ: Mapping[str, str], *, source: str) -> tuple[str, str] | None:
    """User and secret that ``docker-credential-NAME`` keeps for ``server``, or ``None`` where it has none.

    ``environ`` is its environment, whose ``PATH`` finds it; ``source`` is the file that named it. Raises
    ``SettingsError``, which never quotes what the helper said: that may be a secret.
    """
    program = f"docker-credential-{name}"
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{source}: {name!r} cannot be the name of a credential helper")
    found = shutil.which(program, path=environ.get("PATH", ""))
    if found is None:
        raise SettingsError(
            f"{source} names the credential helper {name!r} for {server}, and there is no {program} on the PATH",
            hint=f"install it, or take it out of {source}",
        )
    done = _run(found, server, environ)
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0 and _NOT_FOUND in said:
        return None
    if done.returncode != 0:
        raise SettingsError(
            f"{program} failed with {done.returncode} when asked for {server}", hint=_by_hand(program, server)
        )
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.MsgspecError:
        raise SettingsError(
            f"{program} answered with something that is not the JSON of its protocol when asked for {server}",
            hint=_by_hand(program, server),
        ) from None
    return (answer.username, answer.secret) if answer.secret else None


def _run(program: str, server: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [program, "get"],
            input=server.encode(),
            env=dict(environ),
            capture_output=True,  # what it says may quote a password, and goes nowhere
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SettingsError(f"{program} did not answer within {_SECONDS} seconds when asked for {server}") from None
    except OSError as error:
        raise SettingsError(f"{program}: cannot be run: {error.strerror}") from error


def _by_hand(program: str, server: str) -> str:
    return f"try it by hand: echo {server} | {program} get"
