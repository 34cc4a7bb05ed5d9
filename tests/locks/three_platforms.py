"""A lock of three platforms in which everything differs that can, as a text format may show it."""

from __future__ import annotations

from dataclasses import replace

from resolver.model import Evidence, Lock, LockedPackage, PlatformLock, Root, VirtualPackage

__all__ = ["LOCK", "RECORDS"]


def _wheel(tags: str, digit: str, *, name: str = "ore", version: str = "2.1", **more: object) -> LockedPackage:
    file_name = f"{name.replace('-', '_')}-{version}-{tags}.whl"
    plain = LockedPackage(
        kind="pypi",
        name=name,
        version=version,
        file_name=file_name,
        url=f"https://files.example.org/{file_name}",
        sha256=digit * 64,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


_ORE = {
    "linux-64": _wheel("cp312-cp312-manylinux_2_17_x86_64", "1", size=1024, dependencies=(("cow-talk", ">=1"),)),
    "osx-arm64": _wheel("cp312-cp312-macosx_11_0_arm64", "2", dependencies=(("cow-talk", ">=1"),)),
    "win-64": _wheel("cp312-cp312-win_amd64", "3", version="2.0", dependencies=(("cow-talk", ">=1"),)),
}
_COW_TALK = _wheel("py3-none-any", "4", name="cow-talk", version="1.0.post1")
_TOOL = _wheel("py3-none-any", "5", name="tool", groups=("dev",), dependencies=(("cow-talk", ""), ("ore", "<3,>=2")))
_BOTH = _wheel("py3-none-any", "6", name="both", groups=("dev", "main"))
_SPADE_SDIST = replace(
    _wheel("py3-none-any", "7", name="spade", version="0.9"),
    file_name="spade-0.9.tar.gz",
    url="https://files.example.org/spade-0.9.tar.gz",
)
_SPADE_WHEEL = _wheel("py3-none-any", "8", name="spade", version="0.9")
_PLACE = LockedPackage(
    kind="archive",
    name="place",
    version="3",
    file_name="place-3-py3-none-any.whl",
    url="file:///srv/wheels/place-3-py3-none-any.whl",
    sha256="9" * 64,
    groups=("dev",),
)
_REPOSITORY = LockedPackage(
    kind="vcs",
    name="repository",
    version="0.1",
    url="git+https://git.example.org/repository.git",
    commit="0123456789" * 4,
    subdirectory="python",
)
_FOLDER = LockedPackage(kind="directory", name="folder", version="1", url="file:///src/folder/", tree="a" * 64)

RECORDS = (
    LockedPackage(
        kind="conda",
        name="python",
        version="3.12.4",
        build="0_cpython",
        subdir="linux-64",
        file_name="python-3.12.4-0_cpython.conda",
        url="https://conda.example.org/main/linux-64/python-3.12.4-0_cpython.conda",
        sha256="b" * 64,
        md5="b" * 32,
        dependencies=(("tzdata", ""), ("zlib", ">=1.3")),
    ),
    LockedPackage(
        kind="conda",
        name="tzdata",
        version="2024a",
        build="0",
        subdir="noarch",
        file_name="tzdata-2024a-0.conda",
        url="https://conda.example.org/main/noarch/tzdata-2024a-0.conda",
        sha256="c" * 64,
        md5="c" * 32,
    ),
    LockedPackage(
        kind="conda",
        name="zlib",
        version="1.3.1",
        build="h4ab18f5_1",
        subdir="linux-64",
        file_name="zlib-1.3.1-h4ab18f5_1.tar.bz2",
        url="https://conda.example.org/main/linux-64/zlib-1.3.1-h4ab18f5_1.tar.bz2",
        sha256="d" * 64,
        md5="d" * 32,
    ),
)

LOCK = Lock(
    name='a "name" 🐄',
    platforms=(
        PlatformLock(
            platform="linux-64",
            packages=(_ORE["linux-64"], _COW_TALK, _TOOL, _BOTH, _SPADE_SDIST, _PLACE, _REPOSITORY, _FOLDER),
        ),
        PlatformLock(platform="osx-arm64", packages=(_ORE["osx-arm64"], _COW_TALK, _TOOL, _BOTH, _SPADE_WHEEL)),
        PlatformLock(platform="win-64", packages=(_ORE["win-64"], _COW_TALK)),
    ),
    channels=("https://conda.example.org/main",),
    sources=("pyproject.toml",),
    content_hash=(("linux-64", "e" * 64),),
    evidence=Evidence(
        roots=(("linux-64", (Root(kind="pypi", requirement="ore>=2", origin="requirements.in:3"),)),),
        virtual_packages=(("linux-64", (VirtualPackage(name="__glibc", version="2.28"),)),),
        pythons=(("linux-64", "3.12.4"), ("osx-arm64", "3.12.4"), ("win-64", "3.12.4")),
    ),
)
