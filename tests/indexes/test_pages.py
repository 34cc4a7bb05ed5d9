"""The two forms of a page: JSON (PEP 691) and HTML (PEP 503)."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.errors import IndexUnavailable
from resolver.indexes import DistributionFile, ProjectPage
from resolver.indexes.simple_html import parse_html_page
from resolver.indexes.simple_json import parse_json_page

INDEX = "https://index.example.org/simple/"
SOURCE = INDEX + "demo/"
SHA, OTHER = "a" * 64, "b" * 64


def resolve(link: str) -> str:
    return urljoin(SOURCE, link)


def from_json(content: object) -> ProjectPage:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse_json_page(body, name="demo", index=INDEX, source=SOURCE, resolve=resolve)


def from_html(content: str) -> ProjectPage:
    return parse_html_page(content, name="demo", index=INDEX, source=SOURCE, resolve=resolve)


def json_page(*files: dict[str, object], version: str = "1.1", name: str = "demo") -> dict[str, object]:
    return {"meta": {"api-version": version}, "name": name, "files": list(files)}


def test_json_with_every_field() -> None:
    file = {
        "filename": "demo-1.0-py3-none-any.whl",
        "url": "../../files/demo-1.0-py3-none-any.whl",
        "hashes": {"md5": "0" * 32, "sha256": SHA.upper()},
        "requires-python": ">=3.9",
        "size": 123,
        "upload-time": "2024-01-02T03:04:05.678Z",
        "yanked": "broken",
        "core-metadata": {"sha256": OTHER},
        "dist-info-metadata": False,
        "gpg-sig": False,
        "unknown": {"to": "us"},
    }
    assert from_json(json_page(file)) == ProjectPage(
        name="demo",
        index=INDEX,
        files=(
            DistributionFile(
                filename="demo-1.0-py3-none-any.whl",
                url="https://index.example.org/files/demo-1.0-py3-none-any.whl",
                sha256=SHA,
                size=123,
                requires_python=">=3.9",
                yanked="broken",
                upload_time="2024-01-02T03:04:05.678Z",
                metadata_sha256=OTHER,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "yanked", "metadata"),
    [
        ({}, None, None),
        ({"yanked": False, "core-metadata": False}, None, None),
        ({"yanked": None, "core-metadata": None, "requires-python": None}, None, None),
        ({"yanked": True, "core-metadata": True}, "", ""),
        ({"yanked": "", "core-metadata": {"md5": "0"}}, "", ""),
        ({"core-metadata": {}}, None, None),
        ({"dist-info-metadata": {"sha256": OTHER}}, None, OTHER),
        ({"core-metadata": False, "dist-info-metadata": {"sha256": OTHER}}, None, None),
    ],
)
def test_json_yanks_and_metadata_promises(fields: dict[str, object], yanked: str | None, metadata: str | None) -> None:
    (file,) = from_json(json_page({"filename": "x.whl", "url": "x.whl", "hashes": {}, **fields})).files
    assert (file.yanked, file.metadata_sha256) == (yanked, metadata)


def test_only_a_sha256_is_a_hash() -> None:
    (file,) = from_json(json_page({"filename": "x.whl", "url": "x.whl", "hashes": {"md5": "0" * 32}})).files
    assert file.sha256 is None
    (file,) = from_html('<a href="x.whl#md5=00000000000000000000000000000000">x.whl</a>').files
    assert file.sha256 is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>", "said to be simple API JSON, and is not: .*begins '<!DOCTYPE html>"),
        (b"", "said to be simple API JSON, and is not"),
        (b'{"meta": {"api-version": "1.0"}, "name": "demo"}', "missing required field `files`"),
        (json_page({"filename": "x", "url": 1, "hashes": {}}), r"Expected `str`, got `int` - at `\$.files\[0\].url`"),
        (json_page(version="2.0"), "simple API version 2.0; only 1.x is understood"),
        (json_page(version="10.1"), "simple API version 10.1"),
        (json_page(name="other"), "is the page of 'other', not of 'demo'"),
        (json_page({"filename": "x.whl", "url": "x", "hashes": {"sha256": "xyz"}}), "x.whl has a sha256 .*'xyz'"),
    ],
)
def test_json_that_cannot_be_believed(content: object, message: str) -> None:
    with pytest.raises(IndexUnavailable, match=f"^{SOURCE}: .*{message}"):
        from_json(content)


@pytest.mark.parametrize("name", ["../x.whl", "a/b.whl", "a\\b.whl", ".x.whl", "", "a\0.whl", "a\n.whl"])
def test_a_name_that_would_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(IndexUnavailable, match=f"^{SOURCE}: lists a file whose name is no file name"):
        from_json(json_page({"filename": name, "url": "x.whl", "hashes": {}}))
    if name and "/" not in name:
        with pytest.raises(IndexUnavailable, match=f"^{SOURCE}: lists a file whose name is no file name"):
            from_html(f'<a href="files/{quote(name)}">x</a>')


def test_html_with_every_attribute() -> None:
    page = from_html(f"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.3">
      <title>Links</title></head><body><a href="../">up</a>
      <A HREF="../../files/demo-1.0%2Blocal-py3-none-any.whl#sha256={SHA}" data-requires-python="&gt;=3.9,&lt;4"
         data-yanked data-core-metadata="sha256={OTHER}" data-gpg-sig="false">demo</A><br/>
      <a href="https://files.example.org/demo-1.0.tar.gz" data-yanked="a &quot;reason&quot;"
         data-dist-info-metadata="true">demo-1.0.tar.gz</a></body></html>""")
    assert page.files == (
        DistributionFile(
            filename="demo-1.0+local-py3-none-any.whl",
            url="https://index.example.org/files/demo-1.0%2Blocal-py3-none-any.whl",
            sha256=SHA,
            requires_python=">=3.9,<4",
            yanked="",
            metadata_sha256=OTHER,
        ),
        DistributionFile(
            filename="demo-1.0.tar.gz",
            url="https://files.example.org/demo-1.0.tar.gz",
            yanked='a "reason"',
            metadata_sha256="",
        ),
    )


def test_html_with_a_base() -> None:
    (file,) = from_html('<base href="https://files.example.org/a/"><a href="../x.whl">x</a>').files
    assert file.url == "https://files.example.org/x.whl"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('<meta name="pypi:repository-version" content="2.0">', "simple API version 2.0"),
        ('<a href="x.whl#sha256=zz">x.whl</a>', "x.whl has a sha256 that is none: 'zz'"),
    ],
)
def test_html_that_cannot_be_believed(content: str, message: str) -> None:
    with pytest.raises(IndexUnavailable, match=f"^{SOURCE}: {message}"):
        from_html(content)


# ------------------------------------------------------------------------------------- both say the same

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=20)
_hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+ %&-]{0,10}\.(whl|tar\.gz)", fullmatch=True)
_files = st.builds(
    DistributionFile,
    filename=_names,
    url=st.just(""),
    sha256=st.none() | _hashes,
    requires_python=st.none() | _texts,
    yanked=st.none() | st.just("") | _texts,
    metadata_sha256=st.none() | st.just("") | _hashes,
)


def as_json(file: DistributionFile) -> dict[str, object]:
    promises = {None: False, "": True}
    return {
        "filename": file.filename,
        "url": "files/" + quote(file.filename),
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "requires-python": file.requires_python,
        "yanked": False if file.yanked is None else file.yanked or True,
        "core-metadata": promises.get(file.metadata_sha256, {"sha256": file.metadata_sha256}),
    }


def as_html(file: DistributionFile) -> str:
    fragment = f"#sha256={file.sha256}" if file.sha256 else ""
    attributes = [f'href="files/{quote(file.filename)}{fragment}"']
    if file.requires_python is not None:
        attributes.append(f'data-requires-python="{html.escape(file.requires_python)}"')
    if file.yanked is not None:
        attributes.append(f'data-yanked="{html.escape(file.yanked)}"' if file.yanked else "data-yanked")
    if file.metadata_sha256 is not None:
        value = f"sha256={file.metadata_sha256}" if file.metadata_sha256 else "true"
        attributes.append(f'data-core-metadata="{value}"')
    return f"<a {' '.join(attributes)}>{html.escape(file.filename)}</a><br>"


@given(st.lists(_files, max_size=4))
def test_both_forms_of_a_page_read_the_same(files: list[DistributionFile]) -> None:
    html_page = from_html("<!DOCTYPE html>" + "\n".join(as_html(file) for file in files))
    json_form = from_json(json_page(*(as_json(file) for file in files)))
    assert html_page == json_form
    assert [(f.filename, f.sha256, f.requires_python, f.yanked, f.metadata_sha256) for f in json_form.files] == [
        (f.filename, f.sha256, f.requires_python, f.yanked, f.metadata_sha256) for f in files
    ]
