"""Lock → OCI image, without a builder: the same lock always gives the same diff_ids and the same config digest."""

from __future__ import annotations

from resolver.exporter.oci.assemble import OciOptions, oci_image
from resolver.exporter.oci.base import SCRATCH, BaseImage, BaseSource, base_image, layer_type
from resolver.exporter.oci.base_layouts import LayoutFiles, open_layout, read_base
from resolver.exporter.oci.environment import InstallSlice
from resolver.exporter.oci.eviction import CacheBound
from resolver.exporter.oci.layer_cache import LayerCache
from resolver.exporter.oci.layout import REFERRER_ANNOTATION, image_index, layout_entries, top_of, write_layout
from resolver.exporter.oci.parts import SlicePart
from resolver.exporter.oci.registry_images import RegistryBase, push_images
from resolver.exporter.oci.values import Blob, Compression, Image, Layer

__all__ = [
    "REFERRER_ANNOTATION",
    "SCRATCH",
    "BaseImage",
    "BaseSource",
    "Blob",
    "CacheBound",
    "Compression",
    "Image",
    "InstallSlice",
    "Layer",
    "LayerCache",
    "LayoutFiles",
    "OciOptions",
    "RegistryBase",
    "SlicePart",
    "base_image",
    "image_index",
    "layer_type",
    "layout_entries",
    "oci_image",
    "open_layout",
    "push_images",
    "read_base",
    "top_of",
    "write_layout",
]
