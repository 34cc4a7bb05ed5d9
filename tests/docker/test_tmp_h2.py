from __future__ import annotations
import json
import pytest
from tests.docker.test_presets import SERVING, SERVING_FILES
from tests.docker.conftest import DOCKER
from tests.docker.worlds import samebox, write_project
pytestmark = pytest.mark.docker
@pytest.mark.parametrize("place", ["docker", "buildkit", "buildah"], indirect=True)
def test_it(place, fixture_channels, fixture_index, samebox_cache, tmp_path, tag):
    folder = tmp_path / "project"
    docker = {k: v for k, v in DOCKER.items() if k not in ("command", "base-image")}
    write_project(folder, fixture_channels, fixture_index, {**docker, "base-image": place.base, "application": SERVING})
    for name, text in SERVING_FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True); (folder / name).write_text(text)
    samebox("lock", folder=folder, cache=samebox_cache)
    said = samebox("build", "--strategy", "vendored", "--engine", place.engine, "--tag", tag, "--json", folder=folder, cache=samebox_cache, environ=place.environ)
    told = json.loads(place.call("inspect", "--type", "image", tag))
    print(said)
    config = told["Docker"]["config"] if place.engine == "buildah" else told[0]["Config"]
    print(config.get("Healthcheck"), config.get("Entrypoint"), config.get("ExposedPorts"))
    assert config["Healthcheck"]["Test"][0] == "CMD"
    again = json.loads(samebox("build", "--strategy", "vendored", "--engine", place.engine, "--tag", tag+"b", "--json", folder=folder, cache=samebox_cache, environ=place.environ))
    print(again)
