"""Whatever the text: a value, or a ``ManifestError`` that names the file. Nothing else comes out of a parser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.errors import ManifestError
from resolver.manifests import parse_environment_yml, parse_pixi, parse_pyproject, parse_requirements_txt
from resolver.model import CondaSpec, EnvironmentSpec, PypiRequirement

_WORDS = {
    "environment.yml": (
        "name:¦channels:¦dependencies:¦platforms:¦category:¦variables:¦prefix:¦  - ¦\n  - ¦\n¦"
        "pip:¦\n    - ¦numpy¦ >=1¦=1.2¦[¦]¦{¦}¦&a ¦*a¦- ¦# [linux]¦'¦\"¦|¦!!x ¦3.10¦~¦@¦\t¦---¦"
        "A: b¦::¦conda-forge¦-r ¦--pre¦./x¦https://x.example.org"
    ),
    "requirements.txt": (
        "a¦[x]¦>=1¦==1.*¦;¦ ¦python_version<'3'¦@¦https://x.example.org/a-1.zip¦\n¦\\\n¦#¦-e ¦"
        "-r ¦-c ¦-i ¦--pre¦--only-binary¦=¦:all:¦--hash=sha256:00¦./a¦file:¦git+¦'¦#egg=¦&¦"
        "${X}¦~/¦C:\\¦é¦\x0c¦\0¦.whl"
    ),
    "pyproject.toml": (
        "[project]\n¦name = 'x'\n¦dependencies = ¦['a']\n¦[dependency-groups]\n¦a = [¦]\n¦'b>=1', ¦"
        '{include-group = \'a\'}, ¦[tool.samebox.conda]\n¦[tool.conda-lock]\n¦x.y = 1\n¦"""¦\n¦# c\n¦'
        "optional-dependencies = {p = ['x[p]']}\n¦dynamic = ['dependencies']\n¦"
        "channels = ['a']\n¦[[t]]\n¦requires-python = '>=3'\n¦[tool.samebox]\n¦extras = ['p']\n¦"
        "groups = []\n¦'a' = 1\n"
    ),
    "pixi.toml": (
        "[workspace]\n¦name = 'x'\n¦channels = ['a']\n¦platforms = ['linux-64', {platform = 'win-64'}]\n¦"
        "platforms = [{platform = ['a']}]\n¦[dependencies]\n¦"
        "a = '>=1'\n¦b = {\nversion = '*',\n}\n¦[target.unix.dependencies]\n¦[feature.f.dependencies]\n¦"
        "[environments]\n¦f = ['f']\n¦default = {solve-group = 's', features = ['f']}\n¦[pypi-dependencies]\n¦"
        "c = {path = '.', extras = ['x']}\n¦d = {git = 'https://x.example.org/d', rev = 'a'}\n¦"
        '[activation.env]\n¦[pypi-options]\n¦no-build = true\n¦[[t]]\n¦e = {¦}\n¦,¦\n¦# c\n¦\'¦"""¦[target.win.¦]\n'
    ),
}
"""Scraps, cut at the bars, that a text of each kind is made of, so that more than a few of the texts get far."""

_PARSERS: dict[str, Callable[..., EnvironmentSpec]] = {
    "environment.yml": parse_environment_yml,
    "requirements.txt": parse_requirements_txt,
    "pyproject.toml": parse_pyproject,
    "pixi.toml": parse_pixi,
}


@pytest.mark.parametrize("name", _PARSERS)
@settings(deadline=None)
@given(data=st.data())
def test_a_parser_gives_a_value_or_a_manifest_error(name: str, data: st.DataObject) -> None:
    words = st.lists(st.sampled_from(_WORDS[name].split("¦")), max_size=14).map("".join)
    text = data.draw(words | st.text(max_size=60))
    try:
        spec = _PARSERS[name](text, source=name)
    except ManifestError as error:
        assert name in str(error) or "stands alone" in str(error)
        return
    assert spec.sources == (name,)
    requests: tuple[CondaSpec | PypiRequirement, ...] = (*spec.conda, *spec.pip, *spec.constraints)
    for request in requests:
        assert request.origin.line is not None
        assert 1 <= request.origin.line <= len(text.splitlines())
