"""Several manifests as one, and reading them from files."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.errors import ManifestError
from resolver.manifests import READERS, merge, read_manifests
from resolver.model import CondaSpec, EnvironmentSpec, IndexOptions, Origin, PypiRequirement


def spec(source: str, **fields: object) -> EnvironmentSpec:
    return EnvironmentSpec(sources=(source,), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lists", "merged"),
    [
        ([], ()),
        ([("a", "b"), ("b", "c")], ("a", "b", "c")),
        ([("a",), ("b",), ("a", "b")], ("a", "b")),
        ([("a", "c"), ("b", "c")], ("a", "b", "c")),
        ([("a", "b"), ()], ("a", "b")),
        ([("a", "d"), ("b", "c", "d")], ("a", "b", "c", "d")),
    ],
)
def test_channels_keep_the_order_of_each_manifest(lists: list[tuple[str, ...]], merged: tuple[str, ...]) -> None:
    assert merge([spec(f"{n}.yml", channels=channels) for n, channels in enumerate(lists)]).channels == merged


CONTRADICTIONS: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "channels": (
        {"channels": ("a", "b", "c")},
        {"channels": ("b", "a")},
        "one.yml has the channels a before b, two.yml has another order",
    ),
    "platforms": (
        {"platforms": ("linux-64",)},
        {"platforms": ("linux-64", "osx-64")},
        "one.yml is for linux-64, two.yml for linux-64, osx-64",
    ),
    "indexes": (
        {"index": IndexOptions(index_url="https://a.example.org")},
        {"index": IndexOptions(index_url="https://b.example.org")},
        "one.yml and two.yml name different index URLs",
    ),
    "wheels": (
        {"index": IndexOptions(only_binary=("a", "b"))},
        {"index": IndexOptions(no_binary=("b",))},
        "one.yml takes only wheels of b, two.yml takes none",
    ),
    "variables": (
        {"variables": (("A", "1"),)},
        {"variables": (("A", "2"),)},
        "the variable A has two values, one in one.yml and one in two.yml",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_contradiction_names_both_manifests(case: str) -> None:
    one, two, message = CONTRADICTIONS[case]
    with pytest.raises(ManifestError, match=re.escape(message)):
        merge([spec("one.yml", **one), spec("two.yml", **two)])


def test_a_contradiction_among_three_names_all() -> None:
    lists = [("a", "b"), ("b", "c"), ("c", "a")]
    with pytest.raises(ManifestError, match=r"channels in 0\.yml, 1\.yml, 2\.yml contradict each other"):
        merge([spec(f"{n}.yml", channels=channels) for n, channels in enumerate(lists)])


def test_platforms_given_stand_in_for_those_of_the_manifests() -> None:
    specs = [spec("one.yml", platforms=("linux-64",)), spec("two.yml", platforms=("osx-64",))]
    assert merge(specs, platforms=("win-64",)).platforms == ("win-64",)


def test_everything_else_is_joined() -> None:
    a = CondaSpec(name="a", origin=Origin(source="one.yml", line=1))
    b = PypiRequirement(name="b", origin=Origin(source="two.txt", line=1))
    merged = merge(
        [
            spec("one.yml", conda=(a,), variables=(("B", "1"),), requires_python=">=3.11"),
            spec(
                "two.txt",
                name="two",
                conda=(a,),
                pip=(b,),
                constraints=(b,),
                index=IndexOptions(extra_index_urls=("https://x.example.org",), pre=True),
                variables=(("A", "1"), ("B", "1")),
                requires_python="<4,>=3.11",
                platforms=("linux-64",),
            ),
            spec(
                "three.txt", index=IndexOptions(extra_index_urls=("https://x.example.org",), find_links=("file:///w",))
            ),
        ]
    )
    assert merged == EnvironmentSpec(
        name="two",
        platforms=("linux-64",),
        conda=(a, a),
        pip=(b,),
        constraints=(b,),
        index=IndexOptions(extra_index_urls=("https://x.example.org",), find_links=("file:///w",), pre=True),
        variables=(("A", "1"), ("B", "1")),
        requires_python="<4,>=3.11",
        sources=("one.yml", "two.txt", "three.txt"),
    )


_manifests = st.builds(
    lambda number, names, channels, platforms: EnvironmentSpec(
        sources=(f"{number}.yml",),
        conda=tuple(CondaSpec(name=name, origin=Origin(source=f"{number}.yml", line=1)) for name in names),
        channels=tuple(sorted(channels)),
        platforms=platforms,
    ),
    st.integers(0, 9),
    st.lists(st.sampled_from("abcdef"), max_size=4),
    st.sets(st.sampled_from("uvwxyz"), max_size=4),
    st.sampled_from([(), ("linux-64", "osx-64")]),
)


@settings(deadline=None)
@given(st.lists(_manifests, max_size=4))
def test_the_order_of_the_files_changes_no_set(manifests: list[EnvironmentSpec]) -> None:
    expected_requests = sorted(str(s) for m in manifests for s in m.conda)
    expected_channels = {c for m in manifests for c in m.channels}
    for order in itertools.permutations(manifests):
        merged = merge(order)
        assert sorted(str(s) for s in merged.conda) == expected_requests
        assert set(merged.channels) == expected_channels
        for manifest in manifests:
            assert [c for c in merged.channels if c in manifest.channels] == list(manifest.channels)
        assert merged.platforms == next((m.platforms for m in manifests if m.platforms), ())


@settings(deadline=None)
@given(_manifests)
def test_one_manifest_alone_is_itself(manifest: EnvironmentSpec) -> None:
    assert merge([manifest]) == manifest


# ------------------------------------------------------------------------------------------------- files


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_files_are_read_and_told_relative_to_the_root(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/environment.yml": "channels: [conda-forge]\ndependencies: [python=3.12, {pip: [-r ../more/r.txt]}]\n",
            "p/pyproject.toml": '[project]\nname = "app"\ndependencies = ["a"]\noptional-dependencies.x = ["b"]\n',
            "more/r.txt": "-e ../p\n",
        },
    )
    root = tmp_path / "p"
    merged = read_manifests([Path("environment.yml"), root / "pyproject.toml"], root=root, extras=("x",), groups=())
    assert merged.name == "app"
    assert merged.sources == ("environment.yml", "pyproject.toml")
    assert [(str(r), r.group, str(r.origin)) for r in merged.pip] == [
        (f"app @ {root.as_uri()}", "main", "../more/r.txt:1"),
        ("a", "main", "pyproject.toml:3"),
        ("b", "x", "pyproject.toml:4"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "a  # café\n".encode(),
        "a  # café\n".encode("utf-8-sig"),
        "a  # café\n".encode("utf-16"),
        "# -*- coding: latin-1 -*-\n# café\na\n".encode("latin-1"),
        "#!/usr/bin/env x\n# coding=cp1252\n# café\na\n".encode("cp1252"),
    ],
)
def test_a_requirements_file_may_declare_its_encoding(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, {"requirements.txt": content})
    assert [r.name for r in read_manifests(["requirements.txt"], root=tmp_path).pip] == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("requirements.txt", b"\xff\xfea", "requirements.txt: not UTF-16-LE text"),
        ("environment.yml", b"name: caf\xe9\n", "environment.yml: not UTF-8 text"),
        ("requirements.txt", b"# coding: klingon\n", "requirements.txt: declares an unknown encoding: klingon"),
        ("requirements.txt", b"# coding: rot13\n", "requirements.txt: declares an unknown encoding: rot13"),
        ("setup.cfg", b"", "setup.cfg: not a manifest that is known by its name"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    write(tmp_path, {name: content})
    with pytest.raises(ManifestError, match=re.escape(message)):
        read_manifests([name], root=tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=re.escape("environment.yml: cannot be read: No such file or directory")):
        read_manifests(["environment.yml"], root=tmp_path)


@pytest.mark.parametrize(
    ("file_name", "reader"),
    [
        ("environment.yml", "environment.yml"),
        ("environment-dev.yaml", "environment.yml"),
        ("pyproject.toml", "pyproject.toml"),
        ("requirements.in", "requirements.txt"),
        ("dev-requirements.txt", "requirements.txt"),
    ],
)
def test_exactly_one_reader_knows_a_file(file_name: str, reader: str) -> None:
    assert [r.name for r in READERS if r.matches(file_name)] == [reader]
