"""150 packages, small, large and noarch as in a scientific environment: what changes one rewrites little, and what two
environments share is made once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.image_packages import Sized, bumped, environment, other_environment
from fixtures.conda_packages import CondaFile, CondaPackage
from resolver.exporter.oci import Image
from resolver.exporter.oci.layers import LARGE
from tests.exporter.oci_world import Maker, small, unpacked
from tests.exporter.test_oci_environment import environment_of, installed
from tests.prefix.world import BEACON, GREETER, GREETINGS, PYTHON, Item, conda, wheel

Extension = Literal[".conda", ".tar.bz2"]

FIRST = environment()
SIZES = {sized.name: sized.kilobytes * 1000 for sized in (*FIRST, *other_environment())}


def tiny(sized: Sized) -> Item:
    """The package with a file of its own; the sizes of the real ones are told apart from it."""
    if sized.name == "python":
        return conda(replace(PYTHON, version=sized.version))
    if not sized.noarch:
        return conda(small(sized.name, sized.version))
    module = CondaFile(path=f"site-packages/{sized.name}.py", content=f"VERSION = {sized.version!r}\n".encode())
    package = CondaPackage(name=sized.name, version=sized.version, build="pyh0_0", noarch="python", files=(module,))
    return conda(package)


def image_of(maker: Maker, packages: tuple[Sized, ...]) -> Image:
    return maker.image([tiny(sized) for sized in packages], sizes=SIZES)


def rewritten(before: Image, after: Image) -> list[str]:
    """The lines of ``docker history`` of the layers that are new."""
    have = {layer.diff_id for layer in before.layers}
    return [layer.created_by for layer in after.layers if layer.diff_id not in have]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Maker, Image]:
    maker = Maker(tmp_path_factory.mktemp("images"))
    return maker, image_of(maker, FIRST)


@pytest.mark.parametrize(
    ("name", "companions"),
    [("first-052", True), ("first-051", True), ("first-140", False)],
    ids=["in-a-bucket", "noarch-in-a-bucket", "large"],
)
def test_another_version_of_one_package_rewrites_two_layers(
    name: str, companions: bool, made: tuple[Maker, Image]
) -> None:
    maker, before = made
    after = image_of(maker, bumped(FIRST, name))
    assert len(FIRST) == 150 and len(before.layers) == len(after.layers) <= 100
    ours, environments = rewritten(before, after)
    assert f"{name} 1.1" in ours and (", " in ours) == companions
    assert environments.startswith("samebox: the environment sha256:")
    assert sorted(maker.installed[-1]) == sorted(word.split()[0] for word in ours.removeprefix("samebox: ").split(", "))


def test_the_second_environment_makes_what_it_does_not_share(made: tuple[Maker, Image]) -> None:
    """Nine tenths are the same: the large ones are taken, and the layers of the rest hold mostly what is new."""
    maker, before = made
    second = other_environment()
    after = image_of(maker, second)
    assert len({sized.name for sized in second} & {sized.name for sized in FIRST}) == 135
    new = {sized.name for sized in second} - {sized.name for sized in FIRST}
    made_now = set(maker.installed[-1])
    assert new < made_now and len(made_now) < 70 and "python" not in made_now
    again = sum(SIZES[name] for name in made_now - new)
    assert all(SIZES[name] < LARGE for name in made_now - new)
    assert again < sum(SIZES.values()) / 50
    assert len(rewritten(before, after)) < len(after.layers) / 3


@pytest.mark.parametrize("extension", [".conda", ".tar.bz2"])
def test_python_is_looked_at_where_its_layer_is_there(extension: Extension, tmp_path: Path) -> None:
    """noarch packages and wheels that come later lie in its folders, and are what an install of all is."""
    maker = Maker(tmp_path / "oci")
    items = [*map(conda, (replace(PYTHON, extension=extension), GREETER, GREETINGS)), wheel(BEACON)]
    maker.image(items[:1])
    image = maker.image(items)
    assert maker.installed == [["python"], ["greeter", "greetings-data", "beacon"]]
    assert environment_of(unpacked(image)) == installed(tmp_path, items)
