"""requirements files: exact outcomes, and errors with file and line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

import pytest

from resolver.errors import ManifestError
from resolver.manifests import parse_requirements_txt
from resolver.manifests.requirements_txt import logical_lines
from resolver.model import EnvironmentSpec, IndexOptions, Origin, PypiRequirement

HASH = "sha256:" + "0a" * 32
OTHER_HASH = "sha512:" + "1b" * 64


def parse(
    text: str, files: Mapping[str, str] | None = None, source: str = "requirements.in", root: str = "/project"
) -> EnvironmentSpec:
    there = files or {}

    def open_text(path: str) -> str:
        if path not in there:
            raise ManifestError(f"{path}: cannot be read: No such file or directory")
        return there[path]

    return parse_requirements_txt(text, source=source, open_text=open_text, root=root)


def one(text: str, files: Mapping[str, str] | None = None) -> PypiRequirement:
    (requirement,) = parse(text, files).pip
    return requirement


def of(name: str, **fields: object) -> PypiRequirement:
    return PypiRequirement(name=name, origin=Origin(source="requirements.in", line=1), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("requests", of("requests")),
        ("Foo.Bar_baz", of("foo-bar-baz")),
        ("requests >=2,<3", of("requests", specifier="<3,>=2")),
        ("requests==2.*", of("requests", specifier="==2.*")),
        ("requests (>=2)", of("requests", specifier=">=2")),
        ("requests[Socks,use_chardet]~=2.0", of("requests", extras=("socks", "use-chardet"), specifier="~=2.0")),
        ("a ; python_version<'3'", of("a", marker='python_version < "3"')),
        ("a  # why", of("a")),
        ("a@https://example.org/a.zip#egg=b", of("a", url="https://example.org/a.zip")),
        ("a @ https://example.org/a#frag", of("a", url="https://example.org/a")),
        (
            "a[x] @ https://example.org/a.tar.gz ; os_name == 'posix'",
            of("a", extras=("x",), url="https://example.org/a.tar.gz", marker='os_name == "posix"'),
        ),
        (
            f"https://example.org/w/My_Pkg-1.0-py3-none-any.whl#sha256={'0a' * 32}",
            of("my-pkg", url="https://example.org/w/My_Pkg-1.0-py3-none-any.whl", hashes=(HASH,)),
        ),
        ("https://example.org/pkg-1.0.tar.gz", of("pkg", url="https://example.org/pkg-1.0.tar.gz")),
        (
            "https://example.org/torch-2.0%2Bcpu-cp311-cp311-linux_x86_64.whl",
            of("torch", url="https://example.org/torch-2.0%2Bcpu-cp311-cp311-linux_x86_64.whl"),
        ),
        (
            "git+https://example.org/a.git@v1#egg=A[x]&subdirectory=sub",
            of("a", extras=("x",), url="git+https://example.org/a.git@v1#subdirectory=sub"),
        ),
        ("a @ git+ssh://git@example.org/a.git@v1", of("a", url="git+ssh://git@example.org/a.git@v1")),
        (
            "-e git+https://example.org/a.git#egg=a",
            of("a", url="git+https://example.org/a.git", editable=True),
        ),
        (
            "-e ./a#egg=a ; python_version < '3'",
            of("a", url="file:///project/a", editable=True, marker='python_version < "3"'),
        ),
        ("--editable='./a#egg=a'", of("a", url="file:///project/a", editable=True)),
        ("./w/a-1.0-py3-none-any.whl", of("a", url="file:///project/w/a-1.0-py3-none-any.whl")),
        ("w/a-1.0.tar.gz", of("a", url="file:///project/w/a-1.0.tar.gz")),
        ("a-1.0-py3-none-any.whl", of("a", url="file:///project/a-1.0-py3-none-any.whl")),
        ("a-1.0.zip", of("a", url="file:///project/a-1.0.zip")),
        ("a-1.0.tar.gz[x]", of("a", extras=("x",), url="file:///project/a-1.0.tar.gz")),
        ("a @ ./a_dir", of("a", url="file:///project/a_dir")),
        ("a @ file:../a", of("a", url="file:///a")),
        ("file:///srv/a%20b/c-1.0.zip", of("c", url="file:///srv/a%20b/c-1.0.zip")),
        ("/srv/c-1.0.zip", of("c", url="file:///srv/c-1.0.zip")),
        ("./libs/a#egg=renamed", of("renamed", url="file:///project/libs/a")),
        (
            "a @ https://${USER}:${TOKEN}@example.org/a-1.0.zip",
            of("a", url="https://${USER}:${TOKEN}@example.org/a-1.0.zip"),
        ),
        (f"a==1 --hash={HASH} --hash={OTHER_HASH}", of("a", specifier="==1", hashes=(HASH, OTHER_HASH))),
        (f"a==1 ; os_name=='nt' --hash {HASH}", of("a", specifier="==1", marker='os_name == "nt"', hashes=(HASH,))),
    ],
)
def test_one_line_has_one_meaning(line: str, expected: PypiRequirement) -> None:
    assert one(line) == expected


@pytest.mark.parametrize("line", ["./libs/a", "libs/a", "file:libs/a", "file:///project/libs/a", "-e ./libs/a"])
def test_a_local_project_is_named_by_its_own_metadata(line: str) -> None:
    files = {"libs/a/pyproject.toml": '[project]\nname = "My.Lib"\n'}
    if line.startswith("file:///"):
        files = {"/project/libs/a/pyproject.toml": files["libs/a/pyproject.toml"]}
    requirement = one(line, files)
    assert (requirement.name, requirement.url) == ("my-lib", "file:///project/libs/a")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "libs/a/pyproject.toml cannot be read"),
        ({"libs/a/pyproject.toml": "[tool.x]\n"}, "libs/a/pyproject.toml has no [project] name"),
        ({"libs/a/pyproject.toml": "[project\n"}, "libs/a/pyproject.toml is not TOML"),
    ],
)
def test_a_local_project_without_a_name_is_an_error(files: Mapping[str, str], why: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(why)) as caught:
        one("\n\n./libs/a", files)
    assert str(caught.value).startswith("requirements.in:3: the name of the project in './libs/a' is not known")


def test_options() -> None:
    spec = parse(
        textwrap.dedent("""\
        -i https://pypi.example.org/simple
        --extra-index-url https://one.example.org/simple --extra-index-url https://two.example.org/simple
        -f https://example.org/links.html
        --find-links=wheels
        --only-binary numpy,SciPy
        --only-binary=:none:
        --only-binary pandas
        --no-binary lxml
        --only-binary lxml
        --pre
        --require-hashes
        """)
    )
    assert spec.index == IndexOptions(
        index_url="https://pypi.example.org/simple",
        extra_index_urls=("https://one.example.org/simple", "https://two.example.org/simple"),
        find_links=("https://example.org/links.html", "file:///project/wheels"),
        only_binary=("lxml", "pandas"),
        pre=True,
    )


def test_what_a_constraints_file_includes_is_a_constraint_too() -> None:
    spec = parse("a\n-c c.txt\nb\n", {"c.txt": "d<2\n-r e.txt\n", "e.txt": "f==1\n"})
    assert [r.name for r in spec.pip] == ["a", "b"]
    assert [(str(r), str(r.origin)) for r in spec.constraints] == [("d<2", "c.txt:1"), ("f==1", "e.txt:1")]


def test_one_file_may_be_included_twice() -> None:
    spec = parse("-r a.txt\n-r b.txt\n", {"a.txt": "-r c.txt\n", "b.txt": "-r c.txt\n", "c.txt": "x\n"})
    assert [r.name for r in spec.pip] == ["x", "x"]


def test_includes_are_relative_to_the_including_file() -> None:
    files = {"shared/base.txt": "-r ../other/more.txt\n", "other/more.txt": "x\n"}
    spec = parse("-r ../shared/base.txt\n", files, source="app/requirements.txt")
    assert [str(r.origin) for r in spec.pip] == ["other/more.txt:1"]
    assert spec.sources == ("app/requirements.txt",)


def test_lines() -> None:
    text = "a\n\n  # c\nb \\\n  >=1 \\\n  ,<2\nc # x \\\nd\\\n# inside\ne#f\ng\\"
    assert list(logical_lines(text)) == [(1, "a"), (4, "b   >=1   ,<2"), (7, "c"), (10, "e#f"), (11, "g")]


REFUSED = {
    "a single equals sign": ("a=1", "not a requirement: 'a=1'"),
    "a bad version": ("a>=1..2", "not a requirement"),
    "a bad marker": ("a; python_versoin < '3'", "not a requirement"),
    "a bad marker behind a URL": ("a @ https://example.org/a ; python < '3'", "not a marker"),
    "an unknown option": ("--index-ulr https://x.example.org", "unknown option '--index-ulr'"),
    "an option without a value": ("--index-url", "--index-url has no value"),
    "an index that is no URL": ("-i pypi.example.org", "--index-url needs a URL, got 'pypi.example.org'"),
    "two indexes": ("-i https://a.example.org\n-i https://b.example.org", "the first stands at requirements.in:1"),
    "a trusted host": ("--trusted-host example.org", "--trusted-host is not taken"),
    "no index": ("--no-index", "--no-index is not taken"),
    "build settings": ("a --config-settings x=y", "--config-settings is not taken"),
    "an option behind a requirement": ("a --pre", "cannot stand behind a requirement: '--pre'"),
    "a weak hash": ("a --hash=md5:" + "0" * 32, "not a hash: 'md5:"),
    "a short hash": ("a --hash=sha256:00", "not a hash: 'sha256:00'"),
    "a bad hash in a URL": ("a @ https://example.org/a#sha256=00", "not a hash: 'sha256:00'"),
    "a URL without a name": ("git+https://example.org/a.git", "the URL does not tell the project's name"),
    "a wheel's bad name": ("https://example.org/a.whl", "the file name 'a.whl' does not tell"),
    "another version control": ("a @ hg+https://example.org/a", "unknown kind of URL hg+https://"),
    "a home folder": ("~/a-1.0.zip", "not a path that means the same on every machine"),
    "a backslash": (".\\a-1.0.zip", "not a path that means the same on every machine"),
    "a variable in a path": ("${HOME}/a-1.0.zip", "not a path that means the same on every machine"),
    "an editable name": ("-e requests", "an editable requirement needs a folder or a URL, got 'requests'"),
    "an editable without a place": ("-e", "unknown option '-e'"),
    "a hash on its own": ("--hash=sha256:00", "unknown option '--hash'"),
    "a drive": ("C:/a-1.0.zip", "not a path that means the same on every machine"),
    "git without encryption": ("a @ git+git://example.org/a", "unknown kind of URL git+git://"),
    "a missing include": ("-r no.txt", "includes a file that cannot be read: no.txt: cannot be read"),
    "two includes on a line": ("-r a.txt -r b.txt", "several options on one line"),
    "an include from the web": ("-r https://example.org/r.txt", "not a local file"),
    "a secret": ("a @ https://u:hunter2@example.org/a", "a URL holds a credential"),
    "a token as user": ("-i https://hunter2@example.org/simple", "a URL holds a credential"),
    "open quotes": ("--find-links 'x", "quotes do not match"),
    "a name in :all: style": ("--only-binary :any:", "not a project name, :all: or :none:"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_lines_are_refused_with_file_and_line(case: str) -> None:
    text, message = REFUSED[case]
    text = "good\n" + text
    with pytest.raises(
        ManifestError, match=re.escape(message.replace("requirements.in:1", "requirements.in:2"))
    ) as caught:
        parse(text)
    assert caught.value.origin == Origin(source="requirements.in", line=text.count("\n") + 1)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("line", ["a[x]", "-e git+https://example.org/a.git#egg=a"])
def test_a_constraint_cannot_have_extras_or_be_editable(line: str) -> None:
    with pytest.raises(ManifestError, match=r"c\.txt:1: a constraint cannot have"):
        parse("-c c.txt", {"c.txt": line})


def test_a_circle_of_includes_is_an_error() -> None:
    with pytest.raises(ManifestError) as caught:
        parse("-r a.txt\n", {"a.txt": "x\n-r b.txt\n", "b.txt": "-c a.txt\n"})
    assert str(caught.value) == "b.txt:1: the files include each other: a.txt → b.txt → a.txt"


def test_a_text_that_stands_alone_includes_nothing() -> None:
    with pytest.raises(ManifestError, match=r"requirements\.txt:1: .*other\.txt: a text that stands alone"):
        parse_requirements_txt("-r other.txt\n", source="requirements.txt")
