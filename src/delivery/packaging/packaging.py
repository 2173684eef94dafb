"""Replaces local paths in templates by addresses in the artifact bucket, as `aws cloudformation package` does."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from delivery.packaging.artifacts import content_hash, files_of, write_zip
from delivery.packaging.layer import Layer
from delivery.packaging.loops import written_out
from delivery.packaging.openapi import one_document
from delivery.packaging.template import load
from devenv.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagingPlan:
    """The address of packaged files. If `hot`, functions run from their folders, and the key of the layer names its
    third-party packages only, so that an edit of the code changes no template."""

    bucket: str
    url: Callable[[str], str]
    build_folder: Path
    layer: Callable[[Path], Layer]
    hot: bool


@dataclass(slots=True, kw_only=True)
class Packaged:
    """The root template's body, and the files to upload by key."""

    body: str
    uploads: dict[str, Path] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The hash of the root template. It covers all files, because templates name them by their hashes."""
        return hashlib.sha256(self.body.encode()).hexdigest()[:32]


def package(root: Path, plan: PackagingPlan) -> Packaged:
    """Packages `root` and all files that it names. Raises Problem for a missing file."""
    packager = _Packager(plan)
    return Packaged(body=packager.template(root), uploads=packager.uploads)


class _Packager:
    def __init__(self, plan: PackagingPlan) -> None:
        self._plan = plan
        self.uploads: dict[str, Path] = {}

    def template(self, path: Path) -> str:
        document = written_out(load(path))
        if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
            raise Problem(f"{path} is not a template: it has no Resources.", fix="Correct the file.")
        for resource in document["Resources"].values():
            if isinstance(resource, dict) and isinstance(resource.get("Properties"), dict):
                self._resource(str(resource.get("Type", "")), resource["Properties"], path.parent)
        self._includes(document, path.parent)
        return json.dumps(document, separators=(",", ":"))

    def _resource(self, kind: str, properties: dict[str, Any], folder: Path) -> None:
        for name in _LOCAL.get(kind, ()):
            value = properties.get(name)
            if not isinstance(value, str) or "://" in value:
                continue
            source = (folder / value).resolve()
            if not source.exists():
                raise Problem(
                    f"{kind} in {folder} names {value}, which does not exist.",
                    fix=f"Create {source}, or correct the path.",
                )
            properties[name] = self._place(kind, source)

    def _place(self, kind: str, source: Path) -> Any:
        if kind == "AWS::CloudFormation::Stack":
            return self._plan.url(self._text(self.template(source), "templates", ".json"))
        if kind.endswith("::LayerVersion"):
            return self._address(kind, self._layer(source))
        if source.is_dir():
            if self._plan.hot:
                return _address(kind, "hot-reload", str(source))
            return self._address(kind, self._zip(source))
        return self._address(kind, self._text(json.dumps(load(source)), "definitions", ".json"))

    def _layer(self, source: Path) -> str:
        layer = self._plan.layer(source)
        key = f"layers/{layer.third_party if self._plan.hot else layer.content}.zip"
        self.uploads[key] = layer.zip
        return key

    def _zip(self, source: Path) -> str:
        files = files_of(source)
        name = content_hash(files)
        archive = self._plan.build_folder / "functions" / f"{name}.zip"
        if not archive.exists():
            write_zip(archive, files)
        key = f"functions/{source.name}-{name}.zip"
        self.uploads[key] = archive
        return key

    def _text(self, text: str, kind: str, suffix: str) -> str:
        name = hashlib.sha256(text.encode()).hexdigest()[:32] + suffix
        path = self._plan.build_folder / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.uploads[f"{kind}/{name}"] = path
        return f"{kind}/{name}"

    def _includes(self, node: Any, folder: Path) -> None:
        """Packages the file of each AWS::Include."""
        if isinstance(node, list):
            for item in node:
                self._includes(item, folder)
        if not isinstance(node, dict):
            return
        transform = node.get("Fn::Transform")
        if isinstance(transform, dict) and transform.get("Name") == "AWS::Include":
            parameters = transform.get("Parameters", {})
            location = parameters.get("Location")
            if isinstance(location, str) and "://" not in location:
                text = json.dumps(one_document((folder / location).resolve()))
                parameters["Location"] = f"s3://{self._plan.bucket}/{self._text(text, 'definitions', '.json')}"
        for value in node.values():
            self._includes(value, folder)

    def _address(self, kind: str, key: str) -> dict[str, str]:
        return _address(kind, self._plan.bucket, key)


_LOCAL = {
    "AWS::CloudFormation::Stack": ("TemplateURL",),
    "AWS::Serverless::Function": ("CodeUri",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
    "AWS::Serverless::Api": ("DefinitionUri",),
    "AWS::Serverless::StateMachine": ("DefinitionUri",),
    "AWS::Lambda::Function": ("Code",),
    "AWS::Lambda::LayerVersion": ("Content",),
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location",),
    "AWS::ApiGateway::RestApi": ("BodyS3Location",),
}


def _address(kind: str, bucket: str, key: str) -> dict[str, str]:
    names = ("S3Bucket", "S3Key") if kind.startswith("AWS::Lambda::") else ("Bucket", "Key")
    return dict(zip(names, (bucket, key), strict=True))
