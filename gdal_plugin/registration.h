// Makes the driver MDIMAPPEND and the algorithms known to GDAL.

#pragma once

extern "C" __attribute__((visibility("default"))) void
GDALRegister_MDIMAPPEND();
