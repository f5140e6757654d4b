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
    """One bar for each goal, in parts of it: those to reach, those to stay below."""
    bars = [
        (f"{result['name']}: {goal['text']}", goal)
        for result in results
        for goal in result["goals"]
        if goal["found"] is not None
    ]
    reach = [bar for bar in bars if not bar[1]["at_most"]]
    stay = [bar for bar in bars if bar[1]["at_most"]]
    groups = [group for group in (reach, stay) if group]
    if not groups:
        return
    figure, parts = plt.subplots(
        len(groups),
        figsize=(9, 0.4 * len(bars) + 2),
        height_ratios=[len(group) for group in groups],
        squeeze=False,
    )
    for axes, group in zip(parts[:, 0], groups, strict=True):
        draw_goals(axes, group)
    figure.tight_layout()
    save(figure, folder, "ratios")


def draw_goals(axes, bars):
    at_most = bars[0][1]["at_most"]
    for place, (_, goal) in enumerate(bars):
        reached = goal["found"] / goal["limit"]
        axes.barh(place, reached, color=MET if goal["met"] else MISSED, height=0.62)
        sign = "\u2264" if at_most else "\u2265"
        text = f"{goal['found']:.2f}  (goal {sign} {goal['limit']:g})"
        edge = max(reached, 1)
        axes.text(edge * 1.03, place, text, va="center", fontsize=8)
    axes.axvline(1, color=GOAL, linewidth=1.2)
    axes.set_xlim(0, max(goal["found"] / goal["limit"] for _, goal in bars) * 1.1 + 0.5)
    axes.set_yticks(range(len(bars)), [name for name, _ in bars], fontsize=8)
    axes.invert_yaxis()
    what = "met at or left of the line" if at_most else "met at or right of the line"
    axes.set_xlabel(f"found, in parts of the goal: {what}", fontsize=8)
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
