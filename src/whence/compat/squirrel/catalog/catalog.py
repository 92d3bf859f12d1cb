"""`squirrel.catalog.catalog`, as whence has it."""

from whence.artifacts import Catalog, CatalogKey, CatalogSource

__all__ = ["Catalog", "CatalogKey", "CatalogSource"]
