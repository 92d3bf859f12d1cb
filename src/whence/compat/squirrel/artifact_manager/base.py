"""`squirrel.artifact_manager.base`, as whence has it."""

from whence.artifacts import ArtifactManager, DirectoryLogger, TmpArtifact
from whence.artifacts.context import logger

__all__ = ["ArtifactManager", "DirectoryLogger", "TmpArtifact", "logger"]
