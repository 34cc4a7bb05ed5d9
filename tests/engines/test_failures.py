"""The step that failed, out of what real builders have said (Docker 20.10, BuildKit, buildah 1.28)."""

from __future__ import annotations

import pytest

from resolver.engines.failures import failed_step, remedy

OLD_BUILDER = """\
Sending build context to Docker daemon  2.048kB

Step 1/3 : FROM samebox-test/plain:1
 ---> f1e0b3477a8d
Step 2/3 : RUN echo one
 ---> Running in 478397b2e58b
one
Step 3/3 : RUN set -eu; echo four;   echo "samebox: no good" >&2; exit 3
 ---> Running in 3fd195c54f1d
samebox: no good
four
The command '/bin/sh -c set -eu' returned a non-zero code: 3
"""
BUILDKIT = """\
#4 [stage-1 1/2] FROM docker.io/samebox-test/plain:1
#4 sha256:8319545de851da8e83d142e154ea5e7f59da6cbb4f7d2e4cdae4ae70c7c5d213
#4 DONE 0.0s

#5 [stage-1 2/2] RUN set -eu; exit 3
#5 sha256:9c823ad8400983e1cc776916a0c29552360f5c7f4dc6649693de4f62e4f2473a
#6 [build 1/2] RUN true
#5 0.166 samebox: no good
#6 0.170 of another step
#5 0.166 2.5 four
#5 ERROR: executor failed running [/bin/sh -c set -eu; exit 3]: exit code: 3
------
 > [stage-1 2/2] RUN set -eu; exit 3:
------
executor failed running [/bin/sh -c set -eu; exit 3]: exit code: 3
"""
BUILDAH = """\
[1/2] STEP 1/2: FROM samebox-test/plain:1 AS build
[1/2] STEP 2/2: RUN echo one
one
[2/2] STEP 1/4: FROM samebox-test/plain:1
[2/2] STEP 3/4: RUN set -eu; exit 3
four
samebox: no good
subprocess exited with status 3
Error: building at STEP "RUN set -eu; exit 3": exit status 3
"""


VANISHED = """\
#7 [stage-1 2/5] RUN true
#7 DONE 2.2s
#8 [build 3/5] RUN install
#8 ...

ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading: EOF
"""


@pytest.mark.parametrize(
    ("said", "step", "lines"),
    [
        (
            OLD_BUILDER,
            'Step 3/3 : RUN set -eu; echo four;   echo "samebox: no good" >&2; exit 3',
            (
                " ---> Running in 3fd195c54f1d",
                "samebox: no good",
                "four",
                "The command '/bin/sh -c set -eu' returned a non-zero code: 3",
            ),
        ),
        (
            BUILDKIT,
            "[stage-1 2/2] RUN set -eu; exit 3",
            (
                "samebox: no good",
                "2.5 four",
                "ERROR: executor failed running [/bin/sh -c set -eu; exit 3]: exit code: 3",
            ),
        ),
        (
            BUILDAH,
            "[2/2] STEP 3/4: RUN set -eu; exit 3",
            (
                "four",
                "samebox: no good",
                "subprocess exited with status 3",
                'Error: building at STEP "RUN set -eu; exit 3": exit status 3',
            ),
        ),
        (VANISHED, "", ("ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading: EOF",)),
        ("\nunauthorized: authentication required\n", "", ("unauthorized: authentication required",)),
        ("", "", ()),
    ],
)
def test_the_failed_step_and_its_last_lines(said: str, step: str, lines: tuple[str, ...]) -> None:
    assert failed_step(said.splitlines()) == (step, lines)


def test_a_step_that_has_talked_long_is_told_by_its_end() -> None:
    lines = ["STEP 1/1: RUN seq 99", *map(str, range(99))]
    assert failed_step(lines) == ("STEP 1/1: RUN seq 99", tuple(map(str, range(79, 99))))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("#8 0.156 exec /bin/sh: exec format error", "qemu-user-static"),
        ("process failed to start with error: fork/exec /bin/sh: exec format errorprocess exited", "qemu-user-static"),
        (
            "image with reference sha256:64 was found but does not match the specified platform: wanted linux/arm64",
            "docker-buildx",
        ),
        ("samebox: no good", ""),
    ],
)
def test_what_would_help_is_told_where_it_is_known(said: str, word: str) -> None:
    found = remedy(["#1 DONE", said])
    assert word in found
    assert bool(found) == bool(word)
