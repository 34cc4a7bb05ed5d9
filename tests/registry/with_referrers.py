"""A registry in memory that has the API for referrers (distribution specification 1.1), which Debian's has not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from tests.registry.images import INDEX, digest_of
from tests.registry.stand_in import Reply, Request

__all__ = ["RegistryWithReferrers"]

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<what>manifests|blobs|referrers)/(?P<key>[^/]+)")


@dataclass(slots=True)
class RegistryWithReferrers:
    """Answers as a ``fallback`` of a stand-in. ``manifests`` are by (repository, tag or digest), with their types."""

    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        path = request.target.partition("?")[0]
        if request.method == "POST":
            return Reply(status=202, headers={"Location": path})
        if request.method == "PUT" and path.endswith("/blobs/uploads/"):
            name = path.removeprefix("/v2/").removesuffix("/blobs/uploads/")
            self.blobs[name, digest_of(request.body)] = request.body
            return Reply(status=201)
        match = _PATH.fullmatch(path)
        if match is None:
            return Reply(status=404)
        place = match["name"], match["key"]
        if match["what"] == "referrers":
            return self._referrers(*place)
        if match["what"] == "blobs":
            return self._found(self.blobs.get(place), "application/octet-stream")
        if request.method == "PUT":
            return self._put(place, request)
        content, media_type = self.manifests.get(place, (None, ""))
        return self._found(content, media_type)

    def _put(self, place: tuple[str, str], request: Request) -> Reply:
        kept = request.body, request.headers["content-type"]
        digest = digest_of(request.body)
        self.manifests[place] = self.manifests[place[0], digest] = kept
        subject = json.loads(request.body).get("subject")
        said = {"OCI-Subject": subject["digest"]} if subject else {}
        return Reply(status=201, headers={"Docker-Content-Digest": digest, **said})

    def _referrers(self, name: str, subject: str) -> Reply:
        entries = []
        for (repository, key), (content, media_type) in sorted(self.manifests.items()):
            manifest = json.loads(content)
            if repository != name or not key.startswith("sha256:") or "subject" not in manifest:
                continue
            if manifest["subject"]["digest"] == subject:
                entry = {"mediaType": media_type, "digest": key, "size": len(content)}
                entry |= {name: manifest[name] for name in ("artifactType", "annotations") if name in manifest}
                entries.append(entry)
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        return Reply(body=body, headers={"Content-Type": INDEX})

    @staticmethod
    def _found(content: bytes | None, media_type: str) -> Reply:
        if content is None:
            return Reply(status=404)
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
        return Reply(body=content, headers=headers)
