"""``[docker.application]``: what it says, and what is refused with its line."""

from __future__ import annotations

import re
import textwrap

import pytest

from resolver.errors import ResolverError, SettingsError
from resolver.model import Application, HealthCheck, Origin
from resolver.settings import parse_settings

TRAIN = """\
    [docker.application]
    source = "jobs/train/."
    preset = "train"
    entry = "src/train.py"
    arguments = ["--epochs", "2", ""]
    variables = { RATE = "0.1", EMPTY = "" }
    workdir = "/work"
    ports = [6006]
    health-check = { command = ["true"], interval = "1m30s", timeout = 5, start-period = "0s", retries = 2 }
"""
SERVE = """\
    [docker.application]
    source = "."
    preset = "serve"
    entry = "score.py"
    model = "../models/best"
    server = "Waitress[x] >=3,<4"
"""


def parse(text: str) -> Application | None:
    return parse_settings(textwrap.dedent(text), "samebox.toml", directory="/home/ada/project").docker.application


def test_an_application_that_trains() -> None:
    assert parse(TRAIN) == Application(
        source="/home/ada/project/jobs/train",
        preset="train",
        entry="src/train.py",
        arguments=("--epochs", "2", ""),
        variables=(("EMPTY", ""), ("RATE", "0.1")),
        workdir="/work",
        ports=(6006,),
        health_check=HealthCheck(command=("true",), interval=90, timeout=5, start_period=0, retries=2),
    )


def test_an_application_that_serves_knows_where_its_server_is_asked_for() -> None:
    application = parse(SERVE)
    assert application == Application(
        source="/home/ada/project",
        preset="serve",
        entry="score.py",
        model="/home/ada/models/best",
        server="Waitress[x] >=3,<4",
    )
    assert application.origin == Origin(source="samebox.toml", line=6)
    by_default = parse(SERVE.replace("server", "#"))
    assert by_default is not None
    assert (by_default.server, by_default.origin) == ("waitress>=3", Origin(source="samebox.toml", line=3))


def test_files_and_ports_without_a_preset() -> None:
    text = '[docker.application]\nsource = "app"\nports = [80]\nhealth-check = ["check", "--all"]\n'
    assert parse(text) == Application(
        source="/home/ada/project/app", ports=(80,), health_check=HealthCheck(command=("check", "--all"))
    )


def test_an_environment_has_an_application_of_its_own() -> None:
    text = textwrap.dedent(TRAIN) + "[environments.web.docker.application]\nports = [80]\n"
    settings = parse_settings(text, "samebox.toml").for_environment("web")
    assert settings.docker.application == Application(ports=(80,))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('entry = "../score.py"', "5: docker.application.entry: expected a file below"),
        ("entry = 1", "5: docker.application.entry: expected a string, got an integer (1)"),
        ('source = "/srv"', "5: docker.application.source: expected a folder below that of the settings, got '/srv'"),
        ('source = "../x"', "5: docker.application.source: expected a folder below that of the settings, got '../x'"),
        ("ports = 80", "5: docker.application.ports: expected a list of ports"),
        ('ports = ["80"]', "5: docker.application.ports: expected a list of ports as integers, got a string"),
        ("ports = [true]", "5: docker.application.ports: expected a list of ports as integers"),
        ("ports = [0]", "1: docker.application: a port is a number from 1 to 65535"),
        ("ports = [65536]", "1: docker.application: a port is a number from 1 to 65535"),
        ("ports = [80, 80]", "1: docker.application: a port stands there twice"),
        ('preset = "sing"', "5: docker.application.preset: expected train or serve, got 'sing'"),
        ('workdir = "work"', "5: docker.application.workdir: expected an absolute folder inside the image"),
        ('variables = { A = 1 }', "5: docker.application.variables.A: expected a string"),
        ('variables = { A = "https://ada:secret@example.org/" }', "5: docker.application.variables.A: "),
        ("health-check = []", "5: docker.application.health-check.command: is empty"),
        ('health-check = { interval = "soon" }', "interval: expected a duration from 1 to 86400, got 'soon'"),
        ('health-check = { interval = "0s" }', "health-check.interval: expected a duration from 1 to 86400, got 0"),
        ("health-check = { timeout = 100000 }", "timeout: expected a duration from 1 to 86400, got 100000"),
        ("health-check = { retries = 0 }", "health-check.retries: expected a number from 1 to 86400, got 0"),
        ("health-check = { shell = [] }", "docker.application.health-check.shell: unknown key 'shell'"),
        ('server = "waitress"', "5: docker.application.server: a server belongs to the preset serve"),
        ('modle = "x"', "5: docker.application.modle: unknown key 'modle'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(line: str, message: str) -> None:
    key = line.split(" ")[0]
    whole = {"source": '"app"', "preset": '"train"', "entry": '"train.py"'}
    whole.pop(key, None)
    others = [f"{name} = {value}" for name, value in whole.items()]
    padding = [""] * (3 - len(others))
    text = "\n".join(["[docker.application]", *others, *padding, line])
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert re.match(r"samebox\.toml:", caught.value.message)
    assert message in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("server", ["waitress @ https://example.org/w.whl", "waitress; os_name == 'posix'", "a b"])
def test_a_server_is_a_project_and_versions(server: str) -> None:
    with pytest.raises(SettingsError, match=r"samebox\.toml:6: docker\.application\.server: "):
        parse(SERVE.replace("Waitress[x] >=3,<4", server))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "train"}, "the preset train needs a source and an entry"),
        ({"preset": "train", "source": "a"}, "the preset train needs a source and an entry"),
        ({"source": "a", "entry": "x.py"}, "entry and arguments belong to a preset"),
        ({"arguments": ("x",)}, "entry and arguments belong to a preset"),
        ({"preset": "serve", "source": "a", "entry": "x.py", "arguments": ("x",)}, "imports its entry"),
        ({"preset": "serve", "source": "a", "entry": "score"}, "imports its entry, which ends in .py"),
        ({"preset": "train", "source": "a", "entry": "x.py", "model": "m"}, "a model belongs to the preset serve"),
        ({"health_check": HealthCheck(interval=1)}, "a health check needs a command"),
    ],
)
def test_what_contradicts_itself_cannot_be_made(values: dict[str, object], message: str) -> None:
    with pytest.raises(ResolverError, match=message):
        Application(**values)  # type: ignore[arg-type] # each case gives what the class takes
