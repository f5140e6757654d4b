"""The version of the whole: CMakeLists.txt and pyproject.toml read it here."""

__version__ = "0.1.0"
