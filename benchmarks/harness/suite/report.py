"""Tables and plots out of the results."""

from . import svg
from .goals import GOALS
from .plan import ONE_CORE

TITLES = {"latency": "Latency: round trip p50", "throughput": "Throughput, one way", "pipeline": "Pipeline, 64 in flight",
          "fanin": "Fan-in, 256 B, one in flight per connection",
          "setup": "Connections set up: connect, one round trip, close",
          "idle": "Round trip p50 of one active connection among idle ones, 256 B"}
ORDER = list(TITLES)


def show(case, value, metric=None):
    if value is None:
        return ""
    if (metric or case.metric).endswith("Ns"):
        return f"{value / 1000:.1f} µs" if value >= 1000 else f"{value:.0f} ns"
    return svg.short(value)


def title_of(group):
    workload, transport, pinning, spin = group
    polling = f", polling {spin} µs" if spin else ""
    return f"{TITLES[workload]}; {transport.upper()}, {pinning}{polling}"


def groups_of(results):
    groups = {}
    for case in results.cases():
        groups.setdefault(case.group, []).append(case)
    for cases in groups.values():
        cases.sort(key=lambda case: case.axis)
    return dict(sorted(groups.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][2] != ONE_CORE, item[0][1:])))


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def group_table(results, cases):
    """Median, spread, ratio to the limit row; the last rows: our ratio to the best peer."""
    limit = results.limit_name()
    rows = []
    for program in results.programs():
        row = [program]
        for case in cases:
            value = results.median(case, program)
            ratio = results.ratio(case, program, limit)
            text = show(case, value)
            if value is not None:
                text += f" ±{results.spread(case, program) * 100:.0f} %"
            if ratio is not None and program != limit:
                text += f" · {ratio:.2f}×"
            row.append(text)
        if any(row[1:]):
            rows.append(row)
    for program in results.programs():
        ratios = [results.ratio_to_best(case, program) for case in cases] if program.startswith("tempeh") else []
        if any(ratios):
            rows.append([f"{program} / best peer", *(f"{r:.2f}×" if r else "" for r in ratios)])
    return table(["", *(case.axis_label for case in cases)], rows)


def metric_table(results, cases, metric, convert):
    rows = []
    for program in results.programs():
        row = [program, *(convert(case, results.median(case, program, metric)) for case in cases)]
        if any(row[1:]):
            rows.append(row)
    return table(["", *(case.axis_label for case in cases)], rows)


def details(results, workload, cases):
    """What belongs to a group beside its main figure, folded away."""
    extra = []
    if workload in ("latency", "idle"):
        for metric, name in (("rttP99Ns", "p99"), ("rttP999Ns", "p99.9")):
            extra += ["", f"Round trip {name}", "", *metric_table(results, cases, metric,
                                                                   lambda case, value: show(case, value, "Ns"))]
    if workload == "idle":
        for side in ("client", "server"):
            extra += ["", f"Memory per connection, {side}, bytes", "",
                      *metric_table(results, cases, f"{side}MemoryBytes",
                                    lambda case, value: "" if value is None else f"{value / case.connections:,.0f}")]
    if workload == "throughput":
        extra += ["", "Bytes per second", "", *metric_table(results, cases, "bytesPerSecond",
                                                             lambda _, value: "" if value is None else svg.short(value))]
    for side in ("client", "server"):
        extra += ["", f"CPU per message, {side}", "",
                  *metric_table(results, cases, f"{side}CpuNsPerMessage", lambda case, value: show(case, value, "Ns"))]
    return ["", "<details><summary>more</summary>", *extra, "", "</details>"]


def goals_table(results):
    rows = []
    for goal in GOALS:
        verdict, figure = goal.judge(results)
        rows.append([goal.text, verdict, figure])
    return table(["goal", "", "worst figure"], rows)


def plot_name(group):
    workload, transport, pinning, spin = group
    return "-".join([workload, transport, *(["two-cores"] if pinning != ONE_CORE else []),
                     *([f"spin{spin}"] if spin else [])]) + ".svg"


def plot(results, group, cases):
    latency = cases[0].lower_is_better
    series = {}
    for program in results.programs():
        values = [results.median(case, program) for case in cases]
        if any(values):
            series[program] = [value / 1000 if value and latency else value for value in values]
    unit = "microseconds, lower is better" if latency else "messages per second, higher is better"
    return svg.grouped_bars(title_of(group), unit, [case.axis_label for case in cases], series)


def write(results, out, facts):
    """results.md and the plots."""
    lines = ["# Benchmarks", "", "Written by `benchmarks/run`; read the figures as ratios within this table, never as "
             "times to compare with another day or machine.", "",
             *(f"- {name}: {value}" for name, value in facts.items()),
             f"- runs during which something else took over a tenth of the cores: {results.disturbed() * 100:.0f} %", "",
             "Every figure is the median over the repetitions, ± half the range; `×` is the median of the ratios to "
             "`raw_epoll` inside each repetition. `raw_epoll` is plain system calls and the limit of what can be "
             "reached; the `asio_*` rows are written by hand for the purpose.", ""]
    if any(program.startswith("tempeh") for program in results.programs()):
        lines += ["## Goals", "", *goals_table(results), ""]
    for group, cases in groups_of(results).items():
        lines += [f"## {title_of(group)}", "", *group_table(results, cases)]
        if len(cases) > 1:
            (out / plot_name(group)).write_text(plot(results, group, cases), encoding="utf-8")
            lines += ["", f"![{title_of(group)}]({plot_name(group)})"]
        lines += [*details(results, group[0], cases), ""]
    (out / "README.md").write_text("\n".join(lines), encoding="utf-8")


def print_summary(results):
    for group, cases in groups_of(results).items():
        print(f"\n{title_of(group)}")
        print("\n".join(group_table(results, cases)))
    if any(program.startswith("tempeh") for program in results.programs()):
        print("\nGoals")
        print("\n".join(goals_table(results)))
    if results.disturbed() > 0.1:
        print(f"\nthe machine was busy with other things during {results.disturbed() * 100:.0f} % of the runs: rates suffer "
              "most (a program with more threads gets more of a shared core), CPU per message least")
