"""Two figures: ratios with their goals, and time per append against length."""

import matplotlib as mpl

mpl.use("Agg")
# Texts stay texts in SVG, and files the same for the same figures.
mpl.rcParams["svg.fonttype"] = "none"
mpl.rcParams["svg.hashsalt"] = "gdalmdimappend"

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

MET, MISSED, GOAL = "#2a7f62", "#c1440e", "#222222"


def save(figure, folder, name):
    figure.savefig(folder / f"{name}.png", dpi=150)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)


def ratios(results, folder):
    """One bar for each goal; the line across it is the goal."""
    bars = [
        (f"{result['name']}: {goal['text']}", goal)
        for result in results
        for goal in result["goals"]
        if goal["found"] is not None
    ]
    if not bars:
        return
    # Reached in percent of the goal, so that all share one axis.
    figure, axes = plt.subplots(figsize=(9, 0.42 * len(bars) + 1.2))
    for place, (_, goal) in enumerate(bars):
        reached = goal["found"] / goal["limit"]
        axes.barh(place, reached, color=MET if goal["met"] else MISSED, height=0.62)
        sign = "\u2264" if goal["at_most"] else "\u2265"
        text = f" {goal['found']:.2f}  (goal {sign} {goal['limit']:g})"
        axes.text(reached, place, text, va="center", fontsize=8)
    axes.axvline(1, color=GOAL, linewidth=1.2)
    axes.set_xscale("log")
    low = min(goal["found"] / goal["limit"] for _, goal in bars)
    high = max(goal["found"] / goal["limit"] for _, goal in bars)
    axes.set_xlim(min(low / 1.5, 0.5), max(high, 1) * 4)
    axes.set_yticks(range(len(bars)), [name for name, _ in bars], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(
        "found / goal (log scale). \u2265: right of the line is met; "
        "\u2264: left of it is"
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    save(figure, folder, "ratios")


def append_times(results, folder):
    """Time of each append against the number of steps that were there before."""
    found = {result["name"]: result for result in results}
    figure, axes = plt.subplots(figsize=(8, 5))
    drawn = False
    if "many" in found:
        for name, tool in found["many"]["tools"].items():
            seconds = np.array(tool["append_seconds"])[1:]
            if len(seconds) < 10:
                continue
            # Medians of about 40 groups: single appends are noise.
            groups = np.array_split(np.arange(len(seconds)), min(40, len(seconds)))
            steps = [group.mean() + 1 for group in groups]
            medians = [np.median(seconds[group]) * 1000 for group in groups]
            axes.plot(steps, medians, label=name, linewidth=1.6)
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
        axes.legend(fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        save(figure, folder, "append_times")
    plt.close(figure)
