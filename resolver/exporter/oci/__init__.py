"""Lock → OCI image, without a builder: the same lock always gives the same diff_ids and the same config digest."""

from __future__ import annotations

from resolver.exporter.oci.assemble import OciOptions, oci_image
from resolver.exporter.oci.base import SCRATCH, BaseImage, BaseSource, base_image, layer_type
from resolver.exporter.oci.base_layouts import read_base
from resolver.exporter.oci.layer_cache import LayerCache
from resolver.exporter.oci.layout import image_index, layout_entries, write_layout
from resolver.exporter.oci.registry_images import RegistryBase, push_images
from resolver.exporter.oci.values import Blob, Compression, Image, Layer

__all__ = [
    "SCRATCH",
    "BaseImage",
    "BaseSource",
    "Blob",
    "Compression",
    "Image",
    "Layer",
    "LayerCache",
    "OciOptions",
    "RegistryBase",
    "base_image",
    "image_index",
    "layer_type",
    "layout_entries",
    "oci_image",
    "push_images",
    "read_base",
    "write_layout",
]
