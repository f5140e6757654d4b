"""Says what is missing where GDAL's bindings are."""

try:
    from osgeo import gdal as gdal
except ImportError as error:
    raise type(error)(
        "gdalmdimappend needs GDAL's Python bindings (osgeo), of the GDAL that has its "
        f"plugin: {error}. Install them with GDAL 3.13 itself (Debian: python3-gdal; "
        "conda-forge: gdal); those of PyPI are compiled for the GDAL that is installed, "
        'as in pip install "gdal==$(gdal-config --version)".',
        name=error.name,
    ) from error
