"""A soak's summary and its plots over time."""

import pathlib
import platform
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "benchmarks" / "harness"))

from suite import svg  # noqa: E402

COLOURS = ["#d1495b", "#2f7fc1", "#2a9d6f", "#e9a820"]
PLOTS = [  # file, title, unit, series: label -> column, factor
    ("latency", "Latency of a well-behaved peer, each second", "µs", {"p50": ("p50_us", 1), "p99": ("p99_us", 1)}),
    ("memory", "Resident memory", "MiB", {"server": ("server_rss_kib", 1 / 1024), "clients": ("clients_rss_kib", 1 / 1024)}),
    ("descriptors", "Open descriptors", "", {"server": ("server_descriptors", 1), "clients": ("clients_descriptors", 1)}),
    ("threads", "Threads", "", {"server": ("server_threads", 1), "clients": ("clients_threads", 1)}),
]
BOTTOM = svg.TOP + svg.PLOT_HEIGHT
WIDE = svg.WIDTH - svg.LEFT - svg.RIGHT


def line_plot(title, unit, rows, series):
    values = [[(row["second"], row[column] * factor) for row in rows if row.get(column) not in (None, "")]
              for column, factor in series.values()]
    heights = [y for points in values for _, y in points if y > 0]
    if not heights:
        return None
    scale = svg.Scale(heights)
    last = max(rows[-1]["second"], 1)
    place = lambda second: svg.LEFT + second / last * WIDE
    parts = [svg.text(svg.LEFT, 18, title, 'font-size="14" font-weight="bold"'),
             svg.text(svg.LEFT, 34, unit + (", logarithmic" if scale.logarithmic else ""))]
    hostile = [row["second"] for row in rows if row["phase"] == "hostile"]
    if hostile:
        x = place(hostile[0] - 1)
        parts.append(f'<rect x="{x:.1f}" y="{svg.TOP}" width="{svg.WIDTH - svg.RIGHT - x:.1f}" height="{svg.PLOT_HEIGHT}" '
                     'fill="#d1495b" fill-opacity=".07"/>')
        parts.append(svg.text(round(x + 6, 1), svg.TOP + 14, "hostile peers"))
    for value in scale.steps:
        y = BOTTOM - scale.height(value)
        parts.append(f'<path class="grid" d="M{svg.LEFT} {y:.1f}H{svg.WIDTH - svg.RIGHT}"/>')
        parts.append(svg.text(svg.LEFT - 6, round(y + 4, 1), svg.short(value), 'text-anchor="end"'))
    for share in (0, 0.25, 0.5, 0.75, 1):
        seconds = share * last
        label = f"{seconds / 60:.3g} min" if last >= 120 else f"{seconds:.3g} s"
        parts.append(svg.text(round(place(seconds), 1), BOTTOM + 15, label, 'text-anchor="middle"'))
    for index, (name, points) in enumerate(zip(series, values)):
        path = " ".join(f"{place(x):.1f},{BOTTOM - scale.height(max(y, 1e-9)) if y > 0 else BOTTOM:.1f}" for x, y in points)
        parts.append(f'<polyline fill="none" stroke="{COLOURS[index]}" stroke-width="1.2" points="{path}"/>')
        x = svg.LEFT + index * 190
        parts.append(f'<rect x="{x}" y="{BOTTOM + 27}" width="11" height="11" fill="{COLOURS[index]}"/>')
        parts.append(svg.text(x + 16, BOTTOM + 36, name))
    return svg.document(title, BOTTOM + 46, parts)


def mark(verdict):
    return {True: "held", False: "**NOT HELD**", None: "not judged"}[verdict.held]


def table(found):
    return "\n".join(f"{mark(verdict):12} {verdict.what}: {verdict.found}" for verdict in found)


def write(soak, found):
    plots = []
    for name, title, unit, series in PLOTS:
        drawing = line_plot(title, unit, soak.rows, series) if soak.rows else None
        if drawing is not None:
            (soak.out / f"{name}.svg").write_text(drawing)
            plots.append(f"![{title}]({name}.svg)")
    options = soak.options
    length = f"{options.seconds / 60:g}" if options.seconds % 60 == 0 else f"--seconds {options.seconds:g}"
    lines = ["# Soak", "",
             f"`scripts/soak {length} --seed {options.seed}`, {len(soak.rows)} s, {platform.system()} {platform.release()}. "
             "The first quarter is quiet, then hostile peers rage; the relay cuts connections, and groups and engines come and go, all the time.",
             "", "| | goal | found | verdict |", "|---|---|---|---|",
             *(f"| {verdict.what} | {verdict.goal} | {verdict.found} | {mark(verdict)} |" for verdict in found), "",
             "\n\n".join(plots), "", "Every second: [soak.csv](soak.csv).", ""]
    (soak.out / "summary.md").write_text("\n".join(lines))
