"""One time step of the cube as a map, and one cell over time: demo.png.

usage: picture.py CUBE PICTURE
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import xarray as xr
from PIL import Image

mpl.use("Agg")
import matplotlib.dates  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

# Coastlines: Ferret's relief of the Earth, where it is installed.
RELIEF = Path("/usr/share/ferret-vis/data/etopo60.cdf")
CELL = {"FNOCX": 60.0, "FNOCY": 12.5}  # Arabian Sea
STEP = "1992-07"
INK = "#333333"


def draw_map(axes, winds: xr.Dataset) -> None:
    speed = np.hypot(winds.UWND, winds.VWND)
    image = axes.pcolormesh(
        winds.FNOCX, winds.FNOCY, speed, cmap="YlGnBu", vmin=0, vmax=14, rasterized=True
    )
    thin = winds.isel(FNOCX=slice(2, None, 5), FNOCY=slice(6, -5, 4))
    arrows = axes.quiver(
        thin.FNOCX, thin.FNOCY, thin.UWND, thin.VWND, color=INK, scale=330, width=0.0013
    )
    axes.quiverkey(arrows, 0.9, 1.04, 10, "10 m/s", labelpos="E", color=INK)
    if RELIEF.exists():
        relief = xr.open_dataset(RELIEF).ROSE
        x, y = relief.dims[1], relief.dims[0]
        axes.contour(relief[x], relief[y], relief, [0], colors=INK, linewidths=0.7)
    axes.plot(CELL["FNOCX"], CELL["FNOCY"], "o", ms=8, mfc="#d1495b", mec="white")
    axes.set_xlim(20, 377.5)
    axes.set_ylim(-80, 85)
    axes.set_xticks(
        range(60, 361, 60), ["60°E", "120°E", "180°", "120°W", "60°W", "0°"]
    )
    axes.set_yticks(range(-60, 61, 30), ["60°S", "30°S", "0°", "30°N", "60°N"])
    when = f"{winds.TIME.dt.strftime('%B %Y').item()}"
    axes.set_title(f"Mean wind, {when}: one time step", loc="left")
    axes.figure.colorbar(image, ax=axes, pad=0.015, label="speed (m/s)", extend="max")


def draw_series(axes, cell: xr.Dataset) -> None:
    axes.axhline(0, color="#999999", lw=0.8)
    axes.plot(cell.TIME, cell.UWND, color="#d1495b", lw=1.3, label="eastward")
    axes.plot(cell.TIME, cell.VWND, color="#00798c", lw=1.3, label="northward")
    axes.set_xlim(np.datetime64("1982-01-01"), np.datetime64("1993-01-01"))
    axes.set_ylabel("wind (m/s)")
    axes.set_title(
        f"One cell ({CELL['FNOCX']:g}°E {CELL['FNOCY']:g}°N) over time:"
        f" {cell.TIME.size} months, a slice a year",
        loc="left",
    )
    axes.legend(loc="lower right", ncols=2, frameon=False, bbox_to_anchor=(1.01, 0.95))
    axes.xaxis.set_major_locator(mpl.dates.YearLocator())
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%Y"))
    axes.grid(axis="x", color="#dddddd", lw=0.6)


def main() -> None:
    cube_name, picture = sys.argv[1:]
    cube = xr.open_zarr(cube_name)
    plt.rcParams.update(
        {
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": INK,
        }
    )
    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(8, 6.6), height_ratios=(2.3, 1), layout="constrained"
    )
    draw_map(top, cube.sel(TIME=STEP).isel(TIME=0).load())
    draw_series(bottom, cube.sel(CELL).load())
    figure.savefig(picture, dpi=110)
    # 256 colours are plenty here, and a third of the size.
    Image.open(picture).convert("RGB").quantize(256).save(picture, optimize=True)
    print(f"{picture}: {Path(picture).stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
