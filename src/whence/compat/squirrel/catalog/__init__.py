"""`squirrel.catalog`, as whence has it."""

from whence.artifacts import Source
from whence.compat.squirrel.catalog import catalog
from whence.compat.squirrel.catalog.catalog import Catalog, CatalogKey, CatalogSource

__all__ = ["Catalog", "CatalogKey", "CatalogSource", "Source", "catalog"]
