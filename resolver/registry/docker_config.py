"""Who we are at a registry, as ``docker login`` has left it: ``config.json`` with ``auths``, ``credHelpers`` and
``credsStore``.

The file is that of ``DOCKER_CONFIG``, else ``~/.docker/config.json``; it is read when the first registry asks who we
are.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from resolver.errors import SettingsError
from resolver.registry.credential_helpers import ask_helper
from resolver.registry.reference import DEFAULT_REGISTRY
from resolver.values import dataclass, field

__all__ = ["DockerConfig", "Login"]

_HUB = "https://index.docker.io/v1/"
"""What docker calls its hub where credentials are kept."""
_HUB_NAMES = (_HUB, "index.docker.io", DEFAULT_REGISTRY, "registry-1.docker.io")
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Credentials: ``user`` and ``password``, an ``identity_token`` to exchange for tokens, or a ``registry_token``
    that is shown as it is. They are left out of ``repr``."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        encoded = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii") if self.password else ""
        return tuple(filter(None, (self.password, encoded, self.identity_token, self.registry_token)))


class _Auth(msgspec.Struct):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _File(msgspec.Struct, rename="camel"):
    auths: dict[str, _Auth] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None


class DockerConfig:
    """The logins of one user. ``environ`` gives ``DOCKER_CONFIG`` and ``HOME``, and is the environment of the
    helpers."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    @property
    def path(self) -> Path | None:
        """The file, whether it is there or not; ``None`` where the environment names no place for it."""
        if folder := self._environ.get("DOCKER_CONFIG"):
            return Path(folder) / "config.json"
        home = self._environ.get("HOME")
        return Path(home) / ".docker" / "config.json" if home else None

    def login(self, registry: str) -> Login | None:
        """The credentials for ``registry`` (``host[:port]``); ``None`` where there are none.

        Its own helper is asked first, then the general one, then the file itself, as docker does. Raises
        ``SettingsError`` for a file that cannot be read or a helper that fails.
        """
        names = _HUB_NAMES if registry == DEFAULT_REGISTRY else (registry,)
        helpers = self._file.cred_helpers or {}
        own = next((helpers[name] for name in names if name in helpers), None)
        if own is not None:
            return self._from_helper(own, names[0])
        if self._file.creds_store:
            kept = self._from_helper(self._file.creds_store, names[0])
            if kept is not None:
                return kept
        return self._from_file(names)

    def _from_helper(self, helper: str, server: str) -> Login | None:
        answer = ask_helper(helper, server, self._environ, source=str(self.path))
        if answer is None:
            return None
        user, secret = answer
        return Login(identity_token=secret) if user == "<token>" else Login(user=user, password=secret)

    def _from_file(self, names: tuple[str, ...]) -> Login | None:
        auths = self._file.auths or {}
        for name in names:
            if name in auths:
                return self._decoded(auths[name], name)
        hosts = {_host(name) for name in names}
        for key in sorted(auths):
            if _host(key) in hosts:
                return self._decoded(auths[key], key)
        return None

    def _decoded(self, auth: _Auth, key: str) -> Login | None:
        user, password = auth.username or "", auth.password or ""
        if auth.auth:
            try:
                text = base64.b64decode(auth.auth, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                text = ""
            user, colon, password = text.rstrip("\0").partition(":")
            if not colon:
                raise SettingsError(
                    f"{self.path}: auths[{key!r}].auth: not the base64 of user:password", hint=f"docker login {key}"
                )
        login = Login(
            user=user,
            password=password,
            identity_token=auth.identitytoken or "",
            registry_token=auth.registrytoken or "",
        )
        return login if login.secrets else None

    @cached_property
    def _file(self) -> _File:
        path = self.path
        if path is None:
            return _File()
        try:
            with path.open("rb") as stream:
                content = stream.read(_LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return _File()
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            return msgspec.json.decode(content, type=_File)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise SettingsError(
                f"{path}: not a configuration of docker: {error}", hint="docker login HOST writes it anew"
            ) from None


def _host(key: str) -> str:
    """The host of a key of ``auths``: old files have URLs (``https://host/v1/``)."""
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]
