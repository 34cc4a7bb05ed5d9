"""Samebox: same lock, same box.

    environment = resolver.read_environment("environment.yml")
    lock = resolver.lock(environment)
    resolver.write_lock(lock, "conda-lock.yml")
    resolver.digest(lock)                      # sha256:…, the same on every machine
    resolver.docker_context(lock)              # a build context, as files in memory
    resolver.build(lock).wait()                # an image in docker, podman or buildah; not built twice
    resolver.export_lock(lock, "pixi").text    # the same lock in another format

The library never prints and never exits; everything that can go wrong is a ``ResolverError``. Names are imported
when they are first used, so that importing this package costs next to nothing.
"""

__version__ = "0.1.0"

# what is imported here is imported by every run of the command: not even `typing`, which costs as much as Python
TYPE_CHECKING = False
if TYPE_CHECKING:
    from resolver.build_context import BuildContext
    from resolver.building import build, lock_of_image, pin_bases
    from resolver.canonicalizer import digest
    from resolver.environment import Environment, read_environment
    from resolver.errors import ResolverError
    from resolver.locking import check, lock
    from resolver.locks.comparison import compare_locks
    from resolver.locks.conversion import export_lock
    from resolver.locks.files import parse_lock, read_lock, render_lock, write_lock
    from resolver.model import Digest, Lock
    from resolver.outputs import docker_context, install
    from resolver.session import Session

__all__ = [
    "BuildContext",
    "Digest",
    "Environment",
    "Lock",
    "ResolverError",
    "Session",
    "build",
    "check",
    "compare_locks",
    "digest",
    "docker_context",
    "export_lock",
    "install",
    "lock",
    "lock_of_image",
    "parse_lock",
    "pin_bases",
    "read_environment",
    "read_lock",
    "render_lock",
    "write_lock",
]

_HOMES = {
    "BuildContext": "resolver.build_context",
    "Digest": "resolver.model",
    "Environment": "resolver.environment",
    "Lock": "resolver.model",
    "ResolverError": "resolver.errors",
    "Session": "resolver.session",
    "build": "resolver.building",
    "check": "resolver.locking",
    "compare_locks": "resolver.locks.comparison",
    "digest": "resolver.canonicalizer",
    "docker_context": "resolver.outputs",
    "export_lock": "resolver.locks.conversion",
    "install": "resolver.outputs",
    "lock": "resolver.locking",
    "lock_of_image": "resolver.building",
    "parse_lock": "resolver.locks.files",
    "pin_bases": "resolver.building",
    "read_environment": "resolver.environment",
    "read_lock": "resolver.locks.files",
    "render_lock": "resolver.locks.files",
    "write_lock": "resolver.locks.files",
}


def __getattr__(name: str) -> object:
    """PEP 562: a public name is looked up in its module when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'resolver' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
