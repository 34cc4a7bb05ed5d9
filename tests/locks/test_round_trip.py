"""What is written is read as the same strings by any other reader of YAML, and evidence comes back as it was. (That
what is written is what we read holds of every format: see ``test_conformance``.)"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import yaml
from hypothesis import given, settings

from resolver.locks.evidence import evidence_from_strings, evidence_to_strings
from resolver.locks.formats.conda_lock import FORMAT
from resolver.model import Evidence, Lock
from tests.strategies import EVIDENCE, LOCKS


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


@given(evidence=EVIDENCE)
def test_evidence_comes_back_as_it_was(evidence: Evidence) -> None:
    assert evidence_from_strings(evidence_to_strings(evidence), "x", field="notes") == evidence
