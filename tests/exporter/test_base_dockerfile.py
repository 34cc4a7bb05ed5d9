"""A base that the user writes as a Dockerfile: what stays as it is, and what cannot stand there."""

from __future__ import annotations

import dataclasses
import re

import pytest

from resolver.errors import SettingsError
from resolver.exporter.docker.base_dockerfile import read_base_dockerfile
from resolver.exporter.docker.dockerfile import render
from resolver.model import DockerSection
from tests.exporter.test_dockerfile import PLAN

NAMED = {
    "a stage without a name gets one": ("FROM debian:12\nRUN true\n", "FROM debian:12\n", "FROM debian:12 AS base\n"),
    "a name stays": ("from debian as Mine\nRUN true\n", "from debian as Mine\n", "FROM debian AS Mine\n"),
    "the last stage counts": (
        "FROM a AS base\nFROM --platform=$BUILDPLATFORM b\nCOPY --from=base /x /x\n",
        "$BUILDPLATFORM b\n",
        "$BUILDPLATFORM b AS samebox-base\n",
    ),
    "arguments before the first stage": (
        "# syntax=docker/dockerfile:1\nARG TAG=12\nFROM debian:${TAG}\n",
        "debian:${TAG}\n",
        "debian:${TAG} AS base\n",
    ),
    "a FROM over several lines with a comment in it": (
        "FROM \\\n  # which one\n  --platform=linux/amd64 \\\n\n  debian\nRUN true\n",
        "FROM \\\n  # which one\n  --platform=linux/amd64 \\\n\n  debian\n",
        "FROM --platform=linux/amd64 debian AS base\n",
    ),
    "what looks like an instruction in a comment or a continued line is none": (
        "FROM a\n# FROM b AS c\nRUN echo \\\nFROM d \\\n  # COPY . /\n  COPY . /\n",
        "FROM a\n",
        "FROM a AS base\n",
    ),
    "nor in a here-document": (
        "FROM a\nRUN <<EOF cat <<-'END'\nFROM e\nEOF\nCOPY . /\n\tEND\nCOPY <<X /z\nCOPY . /\nX\n",
        "FROM a\n",
        "FROM a AS base\n",
    ),
    "a shift and a quoted text are no here-document": (
        'FROM a\nRUN echo $((1<<2)) "<<EOF"\nRUN true\n',
        "FROM a\n",
        "FROM a AS base\n",
    ),
    "two backslashes continue nothing": ("FROM a\nRUN echo \\\\\nFROM b\n", "FROM b\n", "FROM b AS base\n"),
    "what is not from the context may be copied": (
        "# escape=\\\nFROM a\nCOPY --chown=1:1 --from=b /x /y\nADD https://example.org/x.tar git@example.org:x /y\n",
        "FROM a\n",
        "FROM a AS base\n",
    ),
    "and mounted": ("FROM a\nRUN --mount=type=cache,target=/c --mount=from=b,target=/m true\n", "a\n", "a AS base\n"),
}


@pytest.mark.parametrize("name", NAMED)
def test_the_last_stage_has_a_name_and_all_else_stays(name: str) -> None:
    written, before, after = NAMED[name]
    read = read_base_dockerfile(written)
    assert read.text == written.replace(before, after, 1)
    assert read.stage == after.split()[-1]


def test_lines_of_windows_become_those_of_linux() -> None:
    assert read_base_dockerfile("\ufeffFROM a\r\nRUN true").text == "FROM a AS base\nRUN true\n"


CONTEXT = "would read the build context, which holds nothing but what Samebox puts there"
REFUSED = {
    "nothing": ("\n# FROM a\n", "there is no FROM in it"),
    "a step before the first stage": ("ARG A\nRUN true\nFROM a\n", "line 2: RUN stands before the first FROM"),
    "COPY": ("FROM a\n\nCOPY app /app\n", f"line 3: COPY {CONTEXT}"),
    "copy in JSON": ('FROM a\ncopy ["app", "/app"]\n', f"line 2: COPY {CONTEXT}"),
    "COPY with other flags": ("FROM a\nCOPY --chown=1 \\\n  --link app /app\n", f"line 2: COPY {CONTEXT}"),
    "COPY from nowhere": ("FROM a\nCOPY --from= app /app\n", f"line 2: COPY {CONTEXT}"),
    "a flag behind the source": ("FROM a\nCOPY app --from=b /app\n", f"line 2: COPY {CONTEXT}"),
    "ADD of a file besides a URL": ("FROM a\nADD https://example.org/x y /z\n", f"line 2: ADD {CONTEXT}"),
    "ADD of who knows what": ("FROM a\nADD $WHAT /z\n", f"line 2: ADD {CONTEXT}"),
    "ONBUILD": ("FROM a\nONBUILD COPY . /app\n", f"line 2: COPY {CONTEXT}"),
    "a mount": (
        "FROM a\nRUN --mount=target=/c true\n",
        "line 2: RUN would mount the build context, which is Samebox's own",
    ),
    "a mount that says so": ("FROM a\nRUN --mount=type=bind,source=.,target=/c true\n", "line 2: RUN would mount"),
    "after a here-document": ("FROM a\nRUN <<EOF\nEOF\nCOPY . /\n", f"line 4: COPY {CONTEXT}"),
    "after two backslashes": ("FROM a\nRUN echo \\\\\nCOPY . /\n", f"line 3: COPY {CONTEXT}"),
    "a here-document without an end": ("FROM a\nRUN <<EOF\ntrue\n", "line 2: the here-document EOF has no end"),
    "a backslash at the end": (
        "FROM a\nRUN true \\\n# more\n\n",
        "line 2: it ends with a backslash, and nothing follows",
    ),
    "another escape": (
        "# syntax=x\n# escape=`\nFROM a\n",
        "line 1: an escape directive would hold for the lines of Samebox",
    ),
    "a FROM that is none": ("FROM a b\n", "line 1: FROM is not of the form"),
    "a FROM of nothing": ("FROM\n", "line 1: FROM is not of the form"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_stand_in_a_base_is_refused_with_its_line(name: str) -> None:
    written, message = REFUSED[name]
    with pytest.raises(SettingsError, match=re.escape(f"docker.base-dockerfile: {message}")):
        read_base_dockerfile(written)


def test_our_stages_follow_that_of_the_user_and_take_no_name_of_theirs() -> None:
    docker = DockerSection(base_dockerfile="FROM a AS build\nRUN make\nFROM b\nCOPY --from=build /x /x\n")
    stages = re.findall(r"^FROM .*", render(dataclasses.replace(PLAN, docker=docker)), re.MULTILINE)
    assert stages == [
        "FROM a AS build",
        "FROM b AS base",
        "FROM python:3.12-slim-bookworm AS samebox-build",
        "FROM base",
    ]
    assert "COPY --from=samebox-build /opt/env /opt/env" in render(dataclasses.replace(PLAN, docker=docker))
