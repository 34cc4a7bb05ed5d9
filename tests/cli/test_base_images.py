"""Base images by their digests, as `export docker`, `export oci` and `build` take them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml
from tests.engines.stand_ins import StandIns
from tests.registry.images import INDEX, SmallImage, digest_of, index_of
from tests.registry.stand_in import StandIn, stand_in

BASE = index_of(SmallImage())
NEWER = index_of(SmallImage(text="newer\n"))
BUILD = index_of(SmallImage(text="build\n"))


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with stand_in() as running:
        running.has("base:1", BASE, INDEX)
        running.has("build:1", BUILD, INDEX)
        yield running


@pytest.fixture
def resolving(locked: Project, registry: StandIn) -> Project:
    """A project whose settings name images of the registry."""
    docker = f'[docker]\nbase-image = "{registry.host}/base:1"\nbuild-image = "{registry.host}/build:1"\n'
    locked.write("samebox.toml", locked.settings.replace("[docker]\nresolve-base = false\n", docker))
    return locked


def froms(folder: Path) -> list[str]:
    lines = (folder / "Dockerfile").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("FROM ")]


def test_an_export_of_another_day_has_the_same_bytes(resolving: Project, registry: StandIn) -> None:
    first = resolving.succeed("export", "docker", "-o", "one")
    record = resolving.folder / "conda-lock.yml.images.json"
    recorded = record.read_bytes()
    assert froms(resolving.folder / "one") == [
        f"{registry.host}/build:1@{digest_of(BUILD)}",
        f"{registry.host}/base:1@{digest_of(BASE)}",
    ]
    labels = (resolving.folder / "one" / "Dockerfile").read_text()
    assert f'org.opencontainers.image.base.digest="{digest_of(BASE)}"' in labels
    assert f'org.opencontainers.image.base.name="{registry.host}/base:1"' in labels
    assert "io.samebox.image.key=" in labels

    registry.has("base:1", NEWER, INDEX)
    resolving.succeed("export", "docker", "-o", "two", "--offline")
    assert (resolving.folder / "two" / "context.sha256").read_bytes() == (
        resolving.folder / "one" / "context.sha256"
    ).read_bytes()
    assert record.read_bytes() == recorded

    resolving.succeed("export", "docker", "-o", "three", "--refresh-base")
    assert froms(resolving.folder / "three")[1] == f"{registry.host}/base:1@{digest_of(NEWER)}"
    assert first.stdout == ""


def test_a_context_for_several_platforms_is_installed_on_one_of_them(
    make_project: MakeProject, registry: StandIn
) -> None:
    project = make_project(name="both", platforms=("linux-64", "linux-aarch64"))
    project.write("environment.yml", environment_yml("greetings-data"))
    docker = f'base-image = "{registry.host}/both:1"\nbuild-image = "{registry.host}/build:1"\n'
    project.write("samebox.toml", project.settings.replace("resolve-base = false\n", docker))
    project.succeed("lock")
    both = index_of(SmallImage(), SmallImage(architecture="arm64"))
    registry.has("both:1", both, INDEX)
    for option in ((), ("--refresh-base",)):
        project.succeed("export", "docker", "-o", "context", *option)
        assert (
            (project.folder / "context" / "Dockerfile").read_text().count(f"{registry.host}/both:1@{digest_of(both)}")
        )
        record = json.loads((project.folder / "conda-lock.yml.images.json").read_text())
        assert [*record["images"]] == [f"{registry.host}/both:1", f"{registry.host}/build:1"]
    registry.has("both:1", BASE, INDEX)
    told = project.fail("export", "docker", "-o", "context", "--refresh-base")
    assert f"error: docker.base-image: {registry.host}/both:1 ({digest_of(BASE)}) is not made for linux/arm64\n" in told
    assert json.loads((project.folder / "conda-lock.yml.images.json").read_text()) == record


def test_a_base_may_float_where_that_is_said(resolving: Project, registry: StandIn) -> None:
    resolving.succeed("export", "docker", "-o", "context", "--floating-base")
    assert froms(resolving.folder / "context") == [f"{registry.host}/build:1", f"{registry.host}/base:1"]
    assert "io.samebox.image.key" not in (resolving.folder / "context" / "Dockerfile").read_text()
    assert registry.requests == []
    assert not (resolving.folder / "conda-lock.yml.images.json").exists()


def test_a_registry_that_is_not_there_is_an_error_and_nothing_is_written(resolving: Project) -> None:
    settings = (resolving.folder / "samebox.toml").read_text()
    resolving.write("samebox.toml", settings.replace("/base:1", "/other:1"))
    before = sorted(path.name for path in resolving.folder.iterdir())
    told = resolving.fail("export", "docker", "-o", "context").splitlines()
    assert told[0].startswith("error: docker.base-image: 127.0.0.1:") and told[0].endswith("/other:1: not found")
    assert "--floating-base" in told[1]
    assert sorted(path.name for path in resolving.folder.iterdir()) == before


def test_a_build_has_a_key_by_the_recorded_digest(resolving: Project, registry: StandIn, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    engines = StandIns(tmp_path / "bin")
    engines.add("docker")
    first = resolving.run("build", "--json", environ=engines.environ)
    assert first.code == 0, first.stderr
    assert (first.json["reason"], len(first.json["key"])) == (None, 71)
    registry.has("base:1", NEWER, INDEX)
    again = resolving.run("build", "--json", environ=engines.environ)
    anew = resolving.run("build", "--json", "--refresh-base", environ=engines.environ)
    assert again.json["key"] == first.json["key"] != anew.json["key"]
    floating = resolving.run("build", "--json", "--floating-base", environ=engines.environ)
    assert (floating.json["key"], floating.json["reason"]) == (
        None,
        f"the base image {registry.host}/base:1 has no digest, and may be another one tomorrow",
    )


def test_an_oci_image_records_its_base_alone(resolving: Project, registry: StandIn) -> None:
    """The registry has this base under its tag alone: it is found, recorded, and then is not there."""
    told = resolving.fail("export", "oci", "-o", "image.tar")
    assert f"{registry.host}/base:1@{digest_of(BASE)}: not found" in told
    record = json.loads((resolving.folder / "conda-lock.yml.images.json").read_text())
    assert {name: image["digest"] for name, image in record["images"].items()} == {
        f"{registry.host}/base:1": digest_of(BASE)
    }


def test_options_that_contradict_each_other(resolving: Project) -> None:
    told = resolving.fail("export", "docker", "-o", "context", "--floating-base", "--refresh-base")
    assert told.startswith("error: --floating-base and --refresh-base contradict each other\n")
    resolving.write("samebox.toml", resolving.settings)
    told = resolving.fail("export", "docker", "-o", "context", "--refresh-base")
    assert told.startswith("error: docker.resolve-base is false, so there is nothing to refresh\n")
    told = resolving.fail("export", "pixi", "-o", "pixi.lock", "--refresh-base")
    assert told.startswith("error: --refresh-base says nothing about pixi\n")


def test_an_image_without_a_builder_has_no_dockerfile(resolving: Project) -> None:
    settings = resolving.settings.replace("[docker]\n", '[docker]\nbase-dockerfile = "FROM debian\\nRUN true\\n"\n')
    resolving.write("samebox.toml", settings)
    told = resolving.fail("export", "oci", "-o", "image.tar")
    assert "error: docker.base-dockerfile needs a builder, and none is there\n" in told
