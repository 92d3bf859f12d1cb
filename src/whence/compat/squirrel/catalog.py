"""`squirrel.catalog`, as whence has it."""

from whence.artifacts import Catalog, CatalogKey, CatalogSource, Source

__all__ = ["Catalog", "CatalogKey", "CatalogSource", "Source"]
