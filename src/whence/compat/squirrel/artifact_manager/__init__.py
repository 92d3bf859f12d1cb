"""`squirrel.artifact_manager`, as whence has it."""

from whence.compat.squirrel.artifact_manager import base
from whence.compat.squirrel.artifact_manager.base import ArtifactManager

__all__ = ["ArtifactManager", "base"]
