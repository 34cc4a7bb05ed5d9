"""What is measured: values only. A case says what is asked, never how a tool is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CASES", "Case", "Kind"]

Kind = Literal["pypi", "conda", "joint", "check", "check-anew", "read"]

_FOUR = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64")
_SCIENCE = ("python 3.12.*", "numpy", "pandas", "scikit-learn")
_BIG = ("python 3.12.*", "geopandas", "jupyterlab", "rasterio")
_HUGE = (
    *_BIG,
    *("altair", "bokeh", "boto3", "cartopy", "dask", "django", "duckdb", "fastapi", "flask", "holoviews", "matplotlib"),
    *("metpy", "mypy", "numba", "opencv", "polars", "pre-commit", "pytest", "pytorch", "pyvista", "ruff"),
    *("scikit-image", "scikit-learn", "sphinx", "statsmodels", "xarray"),
)
"""More than 500 packages on each platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One environment. ``conda`` are match specs as ``NAME VERSION``, ``pip`` requirements; ``python`` is the version
    where conda gives none. ``solvable`` is False where the right outcome is an explanation."""

    name: str
    kind: Kind
    about: str
    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ("linux-64",)
    python: str = "3.11"
    solvable: bool = True


def _pypi(name: str, *requirements: str, solvable: bool = True) -> Case:
    return Case(name=name, kind="pypi", about=", ".join(requirements), pip=requirements, solvable=solvable)


def _by_name(*cases: Case) -> Mapping[str, Case]:
    return {case.name: case for case in cases}


CASES: Mapping[str, Case] = _by_name(
    _pypi("S1", "flask", "requests", "sqlalchemy"),
    _pypi("S2", "scikit-learn", "pandas", "matplotlib", "jupyterlab"),
    _pypi("S3", "transformers[torch]", "datasets", "accelerate"),
    _pypi("S4", "apache-airflow[all]"),
    _pypi("S5", "boto3", "botocore<1.35", "s3fs", "awscli"),
    _pypi("S6", "numpy<1.20", "pandas>=2.2", solvable=False),
    Case(name="conda-1", kind="conda", about="python 3.12, numpy, pandas, scikit-learn", conda=_SCIENCE),
    Case(name="conda-4", kind="conda", about="the same on four platforms", conda=_SCIENCE, platforms=_FOUR),
    Case(
        name="joint",
        kind="joint",
        about="conda python 3.11, numpy, scipy; pip numba==0.58.1",
        conda=("python 3.11.*", "numpy", "scipy"),
        pip=("numba==0.58.1",),
    ),
    Case(name="check", kind="check", about="is a huge lock fresh? nothing changed", conda=_HUGE, platforms=_FOUR),
    Case(name="check-anew", kind="check-anew", about="is it fresh? worked out", conda=_HUGE, platforms=_FOUR),
    Case(name="read", kind="read", about="reading a big conda-lock.yml", conda=_BIG, platforms=_FOUR),
)
