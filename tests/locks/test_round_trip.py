"""What is written is what is read, by us and by any other reader of YAML."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.locks.evidence import evidence_from_strings, evidence_to_strings
from resolver.locks.formats import FORMATS
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Evidence, Lock, PlatformLock
from tests.strategies import EVIDENCE, LOCKS


@settings(max_examples=400)
@given(lock=LOCKS)
def test_a_lock_comes_back_as_it_was(lock: Lock) -> None:
    assert FORMAT.parse(FORMAT.render(lock), "conda-lock.yml") == lock


@settings(max_examples=200)
@given(lock=LOCKS)
def test_pyyaml_reads_the_same_strings(lock: Lock) -> None:
    """conda-lock and micromamba read it with other libraries than ours, by the rules of YAML 1.1."""
    document: Any = yaml.load(FORMAT.render(lock), yaml.SafeLoader)
    assert [c["url"] for c in document["metadata"]["channels"]] == list(lock.channels)
    assert document["metadata"]["sources"] == list(lock.sources)
    rows = {(r["platform"], r["manager"] == "conda", r["name"]): r for r in document["package"]}
    for platform in lock.platforms:
        for package in platform.packages:
            row = rows[platform.platform, package.kind == "conda", package.name]
            at_commit = f"@{package.commit}" if package.commit else ""
            inside = f"#subdirectory={quote(package.subdirectory)}" if package.subdirectory else ""
            assert (row["version"], row["url"]) == (package.version, package.url + at_commit + inside)
            assert row["dependencies"] == dict(package.dependencies)
            assert row["hash"].get("sha256") == (package.sha256 or package.commit or package.tree)
            assert row["hash"].get("md5") == package.md5


@given(lock=LOCKS, random=st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_in_which_things_came(lock: Lock, random: random.Random) -> None:
    shuffled = [
        PlatformLock(platform=p.platform, packages=tuple(random.sample(p.packages, len(p.packages))))
        for p in random.sample(lock.platforms, len(lock.platforms))
    ]
    content_hash = tuple(random.sample(lock.content_hash, len(lock.content_hash)))
    other = replace(lock, platforms=tuple(shuffled), content_hash=content_hash)
    assert FORMAT.render(other) == FORMAT.render(lock)


@given(lock=LOCKS)
def test_what_was_read_is_written_as_it_stands(lock: Lock) -> None:
    text = FORMAT.render(lock)
    assert FORMAT.render(FORMAT.parse(text, "conda-lock.yml")) == text


@given(evidence=EVIDENCE)
def test_evidence_comes_back_as_it_was(evidence: Evidence) -> None:
    assert evidence_from_strings(evidence_to_strings(evidence), "x") == evidence


def test_each_format_has_a_name_of_its_own() -> None:
    assert len({lock_format.name for lock_format in FORMATS}) == len(FORMATS)
