"""What manifests of other tools say that is a setting here: ``[tool.uv]``, and pixi's."""

from __future__ import annotations

from resolver.errors import SettingsError
from resolver.model import Origin
from resolver.settings.pixi_settings import pixi_layer
from resolver.settings.uv_settings import uv_layer
from resolver.settings.values import SettingsLayer
from resolver.values import fields

__all__ = ["manifest_layer"]


def manifest_layer(content: str, source: str, *, directory: str = "/") -> SettingsLayer:
    """The settings in a manifest with one of these names; ``directory`` is the absolute folder of the file. Raises
    ``SettingsError``."""
    pixi = pixi_layer(content, source, directory=directory)
    if source.rpartition("/")[2] != "pyproject.toml":
        return pixi
    uv = uv_layer(content, source, directory=directory)
    found = {}
    for field in fields(SettingsLayer):
        said = [value for layer in (uv, pixi) if (value := getattr(layer, field.name)) is not None]
        if len(said) == 2 and said[0] != said[1]:
            raise SettingsError(
                f"[tool.uv] and [tool.pixi] say different things: {field.name.replace('_', '-')}",
                origin=Origin(source=source),
                hint="say it in [tool.samebox]",
            )
        found[field.name] = said[0] if said else None
    return SettingsLayer(**found)
