"""`dantro.data_loaders`: whence's `DataManager` has all its loaders without being told."""

__all__ = ["AllAvailableLoadersMixin"]


class AllAvailableLoadersMixin:
    """Adds nothing."""
