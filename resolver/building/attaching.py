"""Attaching the lock to an image that a build has pushed, when it is there."""

from __future__ import annotations

from pathlib import Path

from resolver.building.lock_file import LockFile
from resolver.building.registry_images import ImageRegistry
from resolver.canonicalizer import digest
from resolver.engines import BuildLog
from resolver.errors import IntegrityError
from resolver.model import Lock
from resolver.values import dataclass

__all__ = ["Attachment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """The file of a lock for the image ``REPOSITORY:TAG`` in ``images``."""

    image: str
    file: LockFile
    images: ImageRegistry

    @classmethod
    def of(cls, lock: Lock, path: Path | None, *, image: str, images: ImageRegistry) -> Attachment:
        """The lock's file as it is, or as it would be written where there is none (an image in which nothing is
        installed needs none). Raises ``IntegrityError`` where it is another lock."""
        if path is None or not path.exists():
            return cls(image=image, file=LockFile.of(lock), images=images)
        file = LockFile.read(path)
        if digest(file.lock()) != digest(lock):
            raise IntegrityError(f"{path} holds another lock than what is built", hint="it has changed; try again")
        return cls(image=image, file=file, images=images)

    def attach(self, log: BuildLog, *, reused: bool) -> None:
        """Raises ``IntegrityError`` where the image is of another lock, but for one that was there before: that is the
        same environment in a lock that differs elsewhere, and it may have its own attached."""
        try:
            self.images.attach(self.image, self.file)
        except IntegrityError as error:
            if not reused:
                raise
            log.write(f"samebox: this lock is not attached: {error.message}")
        else:
            log.write(f"samebox: the lock is attached to {self.image}")
