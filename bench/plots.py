"""Two figures: seconds of all tools, and time per append against length."""

import matplotlib as mpl

mpl.use("Agg")
# Texts stay texts in SVG, and files the same for the same figures.
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "gdalmdimappend"

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

MINE, LEAST, OTHER = "#2a7f62", "#999999", "#8fb8de"
OURS, ROOF = "gdalmdimappend", "roof"
SHOWN = {
    "plain": "NetCDF to blosc-lz4",
    "deflate": "NetCDF-4 deflate to blosc-zstd",
    "verbatim": "Zarr to the same encoding",
    "objects": "NetCDF to 16,000 small objects",
    "many": "1,000 slices, a commit each",
    "merging": "one step at a time into chunks of 20",
}


def save(figure, folder, name):
    figure.savefig(folder / f"{name}.png", dpi=150)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def tools(results, folder):
    """Seconds of each tool, side by side, a panel for each workload."""
    shown = [result for result in results if set(result["tools"]) - {OURS, ROOF}]
    shown = [result for result in shown if result["name"] in SHOWN]
    if not shown:
        return
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, panels = plt.subplots(
        rows, columns, figsize=(4.2 * columns, 2.9 * rows), squeeze=False
    )
    for axes in panels.flat[len(shown) :]:
        axes.axis("off")
    for axes, result in zip(panels.flat, shown, strict=False):
        draw_tools(axes, result)
    figure.tight_layout()
    save(figure, folder, "tools")


def draw_tools(axes, result):
    medians = {name: tool["median"] for name, tool in result["tools"].items()}
    names = sorted(medians, key=medians.get)
    for place, name in enumerate(names):
        seconds = medians[name]
        color = MINE if name == OURS else LEAST if name == ROOF else OTHER
        axes.barh(place, seconds, color=color, height=0.7)
        times = seconds / medians[OURS]
        text = f" {seconds:.2f} s" + ("" if name == OURS else f" ({times:.1f} x)")
        axes.text(seconds, place, text, va="center", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, max(medians.values()) * 1.35)
    axes.set_title(SHOWN[result["name"]], fontsize=8, loc="left")
    axes.tick_params(axis="x", labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)


def append_times(results, folder):
    """Time of each append against the number of steps that were there before."""
    found = {result["name"]: result for result in results}
    figure, axes = plt.subplots(figsize=(10, 5))
    drawn = False
    if "many" in found:
        for name, tool in found["many"]["tools"].items():
            seconds = np.array(tool["append_seconds"])[1:]
            if len(seconds) < 10:
                if name != "roof":
                    count = found["many"]["parameters"]["count"]
                    mean = 1000 * tool["median"] / count
                    label = f"{name} (whole run / appends)"
                    axes.plot([1, count], [mean, mean], ":", label=label)
                    drawn = True
                continue
            # Means of about 40 groups: single appends are noise.
            groups = np.array_split(np.arange(len(seconds)), min(40, len(seconds)))
            steps = [group.mean() + 1 for group in groups]
            means = [seconds[group].mean() * 1000 for group in groups]
            axes.plot(steps, means, label=name, linewidth=1.6)
            drawn = True
    if "long" in found:
        for key, label in (
            ("append_seconds", "gdalmdimappend, one append to a long cube"),
            ("process_seconds", "the same, whole process"),
        ):
            times = found["long"]["figures"][key]
            steps = [int(size) for size in times]
            milliseconds = [1000 * value for value in times.values()]
            axes.plot(steps, milliseconds, "o--", label=label)
            drawn = True
    if drawn:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("steps in the cube before the append")
        axes.set_ylabel("ms per append")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        save(figure, folder, "append_times")
    plt.close(figure)
