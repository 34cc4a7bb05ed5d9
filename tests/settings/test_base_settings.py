"""What ``[docker]`` says about the base: exact values, and errors with their place."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from resolver.errors import SettingsError
from resolver.model import DockerSection
from resolver.settings import parse_settings, read_settings


def docker_of(text: str) -> DockerSection:
    return parse_settings(f"[docker]\n{textwrap.dedent(text)}", "samebox.toml", directory="/home/project").docker


def test_every_key_has_its_value() -> None:
    assert docker_of(
        """\
        gpu-base-image = "nvidia/cuda:12.6.3-base-ubuntu24.04"
        gpu = true
        base-dockerfile = '''
        FROM debian:12
        RUN true
        '''
        user-managed = true
        interpreter-path = "/opt/conda/bin/python"
        required-packages = ["NumPy >=1.20, <3", "requests ; python_version<'3.12'"]
        apt = ["libgl1", "g++", "git=1:2.39.5-0+deb12u2"]
        apt-snapshot = "20260115T083000Z"
        apt-mirror = "https://snapshot.example.org/archive/debian/{date}/"
        """
    ) == DockerSection(
        gpu_base_image="nvidia/cuda:12.6.3-base-ubuntu24.04",
        gpu=True,
        base_dockerfile="FROM debian:12\nRUN true\n",
        user_managed=True,
        interpreter_path="/opt/conda/bin/python",
        required_packages=("numpy<3,>=1.20", 'requests; python_version < "3.12"'),
        apt=("libgl1", "g++", "git=1:2.39.5-0+deb12u2"),
        apt_snapshot="20260115T083000Z",
        apt_mirror=("https://snapshot.example.org/archive/debian/{date}/",),
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('"2026-01-15"', "20260115T000000Z"),
        ('"20260115"', "20260115T000000Z"),
        ("2026-01-15", "20260115T000000Z"),
        ("2026-01-15T08:30:00+01:00", "20260115T073000Z"),
        ('"2026-01-15T08:30:00Z"', "20260115T083000Z"),
    ],
)
def test_a_snapshot_is_an_instant(written: str, kept: str) -> None:
    assert docker_of(f"apt-snapshot = {written}").apt_snapshot == kept


def test_auto_leaves_the_choice_to_the_lock_also_over_the_project() -> None:
    settings = parse_settings(
        '[docker]\ngpu = true\n[environments.cpu.docker]\ngpu = "auto"\n', "samebox.toml", directory="/"
    )
    assert (settings.docker.gpu, settings.for_environment("cpu").docker.gpu) == (True, None)


def test_a_base_dockerfile_is_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "base.Dockerfile").write_text("FROM debian\n")
    (tmp_path / "samebox.toml").write_text('[docker]\nbase-dockerfile = "images/base.Dockerfile"\n')
    assert read_settings(tmp_path).docker.base_dockerfile == "FROM debian\n"
    (tmp_path / "images" / "base.Dockerfile").unlink()
    with pytest.raises(SettingsError, match=r"^samebox\.toml:2: docker\.base-dockerfile: .*base\.Dockerfile"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('gpu = "yes"', 'docker.gpu: expected true, false or "auto", got a string'),
        ("user-managed = 1", "docker.user-managed: expected true or false, got an integer (1)"),
        ('interpreter-path = "python3"', "docker.interpreter-path: expected an absolute"),
        (
            'required-packages = ["numpy[x]"]',
            "docker.required-packages: only a name, versions and a marker can be checked",
        ),
        ('required-packages = ["a @ https://a.example.org/a.whl"]', "docker.required-packages: only a name"),
        ('required-packages = ["numpy=>1"]', "docker.required-packages: not a requirement: 'numpy=>1'"),
        ('apt = ["git", "Git"]', "docker.apt: not a Debian package: 'Git'"),
        ('apt = ["git-"]', "docker.apt: not a Debian package: 'git-'"),
        ('apt-snapshot = "2026-02-30"', "docker.apt-snapshot: expected a date or an instant, got '2026-02-30'"),
        ("apt-snapshot = 2026-01-15T08:30:00", "docker.apt-snapshot: expected a string, got a date or time"),
        (
            'apt-mirror = "https://example.org/debian/"',
            "docker.apt-mirror: expected the URL of an archive with {date} in it",
        ),
        ('apt-mirror = ["https://example.org/{day}/{date}"]', "docker.apt-mirror: nothing is known of {day}"),
        ('apt-mirror = "https://ada:secret@example.org/{date}/"', "docker.apt-mirror: "),
    ],
)
def test_errors_say_where_and_what(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        docker_of(text)
    assert str(caught.value).startswith(f"samebox.toml:2: {message}")
    assert "secret" not in str(caught.value)
