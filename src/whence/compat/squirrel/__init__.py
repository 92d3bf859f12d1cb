"""`squirrel`, as far as artifact managers and catalogs go, as whence has it.

>>> from whence.compat import squirrel
>>> squirrel.artifact_manager.base.ArtifactManager.__name__
'ArtifactManager'
"""

from whence.compat.squirrel import artifact_manager, catalog

__all__ = ["artifact_manager", "catalog"]
