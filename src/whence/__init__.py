"""whence: from a parameter space to a figure that knows where it came from."""

__version__ = "0.1.0.dev0"
