"""Answers of `samebox check` that were given before, each with all that it depends on.

An answer is found by what it was asked for: the arguments, the folder that they were given in, the ``CONDA_OVERRIDE_*``
variables, this release and the interpreter. It counts while every file that it was read from holds the same bytes (one
that was looked for and was not there is still not there), and the code that gave it is the code that would give it now.
The answers lie outside the repository, in the user's cache, readable by the user alone. An entry that is damaged, or
that somebody else could have written, is as good as none; that none can be written is no error.

An entry is the sha256 of the rest in hex, then fields with NUL between them: see ``_fields``.
"""

# No `from __future__` here, and no imports but these: each is paid for by every run of a hook.
import os
import sys
from _hashlib import openssl_sha256

from resolver import __version__
from resolver.cache_folder import cache_folder

__all__ = ["Answer", "code_state", "file_digest", "folder", "given", "keep"]

_ABSENT = ""
_MOST_ENTRIES = 256
_MOST_BYTES = 4_000_000
_OTHERS_MAY_WRITE = 0o022


class Answer:
    """What was said and the exit code. ``files`` pairs the absolute path of each file that it depends on with its
    sha256 in hex (empty: there is no such file), ``code_files`` that of each module with its size and time.
    ``not_before`` is an instant in ns since 1970 from which on the answer counts, where it depends on the clock."""

    # not a dataclass: importing those takes longer than to read an answer
    __slots__ = ("code", "code_files", "files", "not_before", "stderr", "stdout")

    def __init__(
        self,
        *,
        code: int,
        stdout: str,
        stderr: str,
        files: tuple[tuple[str, str], ...],
        code_files: tuple[tuple[str, str], ...],
        not_before: int | None = None,
    ) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        self.files = files
        self.code_files = code_files
        self.not_before = not_before


def given(arguments: list[str]) -> Answer | None:
    """The answer that was given to these arguments, if it would be given again."""
    try:
        content = _content(_path(arguments))
    except OSError:
        return None
    answer = None if content is None else _read(content)
    return answer if answer is not None and _still_counts(answer) else None


def keep(arguments: list[str], answer: Answer) -> None:
    """Keep an answer for these arguments, and no more than a few hundred in all. One that cannot be kept is not."""
    fields = _fields(answer)
    body = "\0".join(fields).encode("utf-8", "surrogateescape")
    if len(body) > _MOST_BYTES or len(fields) != body.count(b"\0") + 1:
        return
    try:
        path = _path(arguments)
        os.makedirs(folder(), mode=0o700, exist_ok=True)
        _write(path, openssl_sha256(body).hexdigest().encode() + body)
        _forget_the_oldest()
    except OSError:
        return


def folder() -> str:
    """Where answers are kept, in the user's cache."""
    return os.path.join(cache_folder(os.environ), "answers")


def file_digest(path: str) -> str:
    """The sha256 of a file's bytes in hex, or what stands for there being no such file."""
    if not os.path.isfile(path):
        return _ABSENT
    with open(path, "rb", buffering=0) as stream:
        return openssl_sha256(stream.readall()).hexdigest()


def code_state(path: str) -> str:
    """Size and time of a module's file. Raises ``OSError``."""
    status = os.stat(path)
    return f"{status.st_size} {status.st_mtime_ns}"


def _path(arguments: list[str]) -> str:
    overrides = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith("CONDA_OVERRIDE_"))
    parts = (__version__, sys.version, sys.executable, *sys.path, "", os.getcwd(), *overrides, "", *arguments)
    asked = "\0".join(parts).encode("utf-8", "surrogateescape")
    return os.path.join(folder(), openssl_sha256(asked).hexdigest())


def _content(path: str) -> bytes | None:
    with open(path, "rb", buffering=0) as stream:
        status = os.fstat(stream.fileno())
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_MAY_WRITE or status.st_size > _MOST_BYTES + 64:
            return None
        content = stream.readall()
    digest, body = content[:64], content[64:]
    return body if digest == openssl_sha256(body).hexdigest().encode() else None


def _still_counts(answer: Answer) -> bool:
    try:
        return (
            all(code_state(path) == state for path, state in answer.code_files)
            and all(file_digest(path) == digest for path, digest in answer.files)
            and (answer.not_before is None or _now() >= answer.not_before)
        )
    except OSError:
        return False


def _now() -> int:
    import time  # a part of the interpreter, which has imported it

    return time.time_ns()


def _fields(answer: Answer) -> list[str]:
    not_before = "" if answer.not_before is None else str(answer.not_before)
    fields = [str(answer.code), answer.stdout, answer.stderr, not_before, str(len(answer.files))]
    for pair in (*answer.files, *answer.code_files):
        fields += pair
    return fields


def _read(body: bytes) -> Answer:
    """The answer in the body of an entry, which is as it was written."""
    code, stdout, stderr, not_before, count, *rest = body.decode("utf-8", "surrogateescape").split("\0")
    pairs = tuple(zip(rest[::2], rest[1::2], strict=True))
    return Answer(
        code=int(code),
        stdout=stdout,
        stderr=stderr,
        files=pairs[: int(count)],
        code_files=pairs[int(count) :],
        not_before=int(not_before) if not_before else None,
    )


def _write(path: str, content: bytes) -> None:
    """Whole or not at all, for the user alone."""
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def _forget_the_oldest() -> None:
    """Half of the entries, once there are too many: that is seldom, and then it is done for long."""
    entries = list(os.scandir(folder()))
    if len(entries) <= _MOST_ENTRIES:
        return
    entries.sort(key=lambda entry: entry.stat().st_mtime_ns)
    for entry in entries[: len(entries) // 2]:
        os.unlink(entry.path)
