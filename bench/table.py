"""Results as text: for the terminal, and as Markdown for results/table.md."""

MEGA = 1e6


def verdict(goal):
    if goal["met"] is None:
        return "not measured"
    return "met" if goal["met"] else "MISSED"


def goal_rows(results):
    rows = [("workload", "goal", "found", "")]
    for result in results:
        for goal in result["goals"]:
            sign = "<=" if goal["at_most"] else ">="
            found = "-" if goal["found"] is None else f"{goal['found']:.2f}"
            name = f"{result['name']}: {goal['text']}"
            rows.append((name, f"{sign} {goal['limit']:g}", found, verdict(goal)))
    return rows


def tool_rows(result):
    rows = [
        (
            "tool",
            "median s",
            "of ours",
            "MB/s",
            "peak MB",
            "objects",
            "MB",
            "calls",
            "read by",
        )
    ]
    ours = result["tools"]["gdalmdimappend"]["median"]
    for name, found in result["tools"].items():
        calls = found.get("system_calls_per_append")
        rows.append(
            (
                f"{name} {found['version'] or ''}".strip(),
                f"{found['median']:.3f}",
                f"{found['median'] / ours:.2f}x",
                f"{found['bytes_per_second'] / MEGA:.1f}",
                f"{found['peak_bytes'] / MEGA:.0f}",
                str(found["objects"]),
                f"{found['bytes'] / MEGA:.2f}",
                "-" if calls is None else f"{calls:.0f}",
                checked(found),
            )
        )
    return rows


def checked(found):
    """Who has compared it with the slices."""
    if "identical_to_ours" in found:
        return "same files" if found["identical_to_ours"] else "OTHER FILES"
    return found.get("verified_by", "-")


def figure_rows(result):
    """Figures that are one number, or one for each of a few sizes."""
    rows = [("figure", "")]
    for name, value in result["figures"].items():
        if isinstance(value, dict):
            for size, one in value.items():
                if isinstance(one, (int, float)):
                    rows.append((f"{name}, {int(size):,}", f"{one:.6g}"))
        elif value is not None:
            rows.append((name, f"{value:.4g}"))
    return rows


def plain(rows):
    """Columns: the first to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [
            one.rjust(width) for one, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(rows):
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" + "|--:" * (len(rows[0]) - 1) + "|")
    return "\n".join(lines)


def sections(result, form):
    """The workload's tools and figures."""
    text = [f"{result['name']}: {result['title']}"]
    if result["tools"]:
        text.append(form(tool_rows(result)))
    if result["figures"]:
        text.append(form(figure_rows(result)))
    for tool, reason in result["left_out"].items():
        text.append(f"left out: {tool} ({reason})")
    return text


def markdown_page(results, machine):
    lines = [
        "This page was written by `./dev bench`; [how it is measured and read]"
        "(../../docs/benchmarks.md).",
        "",
        *[f"* {name}: {value}" for name, value in machine.items()],
        "",
        markdown(goal_rows(results)),
    ]
    for result in results:
        heading, *rest = sections(result, markdown)
        lines += ["", f"## {heading}"]
        for part in rest:
            lines += ["", part]
    return "\n".join(lines) + "\n"
