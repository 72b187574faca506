"""Tables and plots out of the results."""

from . import overview, svg
from .compile_time import LEVELS, SOURCES
from .goals import GOALS
from .goals import show as show_count
from .measure import COUNTED as COUNTS
from .plan import COUNTED, KINDS, LIMIT, ONE_CORE, OURS

TITLES = {"latency": "Latency: round trip p50", "throughput": "Throughput, one way", "pipeline": "Pipeline, 64 in flight",
          "fanin": "Fan-in, 256 B, one in flight per connection",
          "open": "Open loop, 256 B: p50 from when a request was due, by load",
          "setup": "Connections set up: connect, one round trip, close",
          "idle": "Round trip p50 of one active connection among idle ones, 256 B",
          "handover": "Inside one process: ping-pong p50, 256 B", "handover-rate": "Inside one process: one way, 256 B",
          **{name: "Steady state: counts per message" for name in COUNTED}}
ORDER = list(TITLES)


def show(case, value, metric=None):
    if value is None:
        return ""
    if (metric or case.metric).endswith("Ns"):
        return f"{value / 1000:.1f} µs" if value >= 1000 else f"{value:.0f} ns"
    return svg.short(value)


def title_of(group):
    workload, transport, pinning, spin = group
    parts = [part for part in (transport.upper() if transport != "inproc" else "", pinning) if part]
    polling = f", polling {spin} µs" if spin else ""
    return TITLES[workload] + (f"; {', '.join(parts)}{polling}" if parts else polling)


def groups_of(results):
    groups = {}
    for case in results.cases():
        if not case.counted:
            groups.setdefault(case.group, []).append(case)
    for cases in groups.values():
        cases.sort(key=lambda case: (case.pinning != ONE_CORE, case.axis))
    return dict(sorted(groups.items(), key=lambda item: (ORDER.index(item[0][0]), item[0][2] not in ("", ONE_CORE),
                                                         item[0][1:])))


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def group_table(results, cases):
    """Median, spread, ratio to the limit row; the last rows: our ratio to the best peer."""
    rows = []
    for program in results.programs():
        row = [program]
        for case in cases:
            value = results.median(case, program)
            ratio = results.ratio(case, program, case.limit)
            cell = show(case, value)
            if value is not None:
                cell += f" ±{results.spread(case, program) * 100:.0f} %"
            if ratio is not None and KINDS[program] != LIMIT:
                cell += f" · {ratio:.2f}×"
            row.append(cell)
        if any(row[1:]):
            rows.append(row)
    for program in results.programs():
        ratios = [results.ratio_to_best(case, program) for case in cases] if KINDS[program] == OURS else []
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
    if workload == "open":
        extra += ["", "Requests per second", "", *metric_table(results, cases, "messagesPerSecond",
                                                                lambda _, value: "" if value is None else svg.short(value))]
    if workload in ("latency", "idle", "handover", "open"):
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
        if not cases[0].in_process or side == "client":
            name = "CPU per message" + ("" if cases[0].in_process else f", {side}")
            extra += ["", name, "", *metric_table(results, cases, f"{side}CpuNsPerMessage",
                                                  lambda case, value: show(case, value, "Ns"))]
    return ["", "<details><summary>more</summary>", *extra, "", "</details>"]


def goals_table(results):
    rows = []
    for goal in GOALS:
        verdict, figure = goal.judge(results)
        rows.append([goal.text, verdict, figure])
    return table(["goal", "", "worst figure"], rows)


def counts_table(results):
    """Per message, both sides together; a row per program and workload."""
    rows = []
    for case in (case for case in results.cases() if case.counted):
        for program in results.programs():
            values = [results.median(case, program, name) for name in COUNTS]
            if any(value is not None for value in values):
                rows.append([f"{case.program_workload}, {program}",
                             *("" if value is None else show_count(value) for value in values)])
    return table(["", "allocations", "lock acquisitions", "system calls", "wakes"], rows) if rows else []


def gathered_table(results, cases, figure, convert):
    """What lies across several groups."""
    categories, series = overview.gathered(results, cases, figure)
    rows = [[program, *("" if value is None else convert(value) for value in values)] for program, values in series.items()]
    return table(["", *categories], rows) if rows else []


def streams_table(results):
    return gathered_table(results, overview.STREAMS, overview.stream_bytes, lambda value: f"{value / 1e9:.2f}")


def cpu_table(results):
    return gathered_table(results, overview.CPU, overview.cpu_of_both, lambda value: f"{value:,.0f}")


def compile_table(results):
    """CPU seconds; a row per source."""
    columns = [(compiler, level) for compiler in ("gcc", "clang") for level in LEVELS]
    known = {(f["source"], f["compiler"], f["level"]): f["seconds"] for f in results.compile_times}
    columns = [column for column in columns if any(key[1:] == column for key in known)]
    rows = [[what, *(f"{known[(source, *column)]:.2f}" if (source, *column) in known else "" for column in columns)]
            for source, what in SOURCES.items()]
    return table(["", *(" ".join(column) for column in columns)], rows) if columns else []


def plot_name(group):
    workload, transport, pinning, spin = group
    return "-".join([workload, *([transport] if transport else []), *(["two-cores"] if pinning not in ("", ONE_CORE) else []),
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


INTRODUCTION = """\
Written by `benchmarks/run`, which also installs and builds what it compares with; [method.md](method.md) says what is
measured and how. Read the figures as ratios within this table,
never as times to compare with another day or machine. Length, order and stamp of every message are checked.

Every figure is the median over the repetitions, ± half the range; `×` is the median of the ratios to `raw_epoll` inside
each repetition. `raw_epoll` is plain system calls and the limit of what can be reached; the `asio_*` rows are written by
hand for the purpose. "One core" pins both sides to the same core: the cost of all the code per message. `tempeh` is
coroutines on the reactor's thread, `tempeh_executor` coroutines on a thread of their own, `tempeh_blocking` plain
calls."""

COUNTS_NOTE = """\
Taken in the middle of a run, both sides together. Allocations are calls of malloc and its kin; locks are pthread mutexes
and read-write locks (spinning on an atomic is not seen, as in gRPC); wakes are what the engine's own statistics call so."""


def section(title, *blocks):
    lines = [f"## {title}", ""]
    for block in blocks:
        lines += [*(block if isinstance(block, list) else [block]), ""]
    return lines


def sections(results, out):
    lines = []
    for group, cases in groups_of(results).items():
        title = title_of(group)
        lines += [f"## {title}", "", *group_table(results, cases)]
        if len(cases) > 1:
            (out / plot_name(group)).write_text(plot(results, group, cases), encoding="utf-8")
            lines += ["", f"![{title}]({plot_name(group)})"]
        lines += [*details(results, group[0], cases), ""]
    return lines


def write(results, out, facts):
    """README.md and the plots."""
    lines = ["# Benchmarks", "", *(f"- {name}: {value}" for name, value in facts.items()),
             f"- runs during which something else took over a tenth of the cores: {results.disturbed() * 100:.0f} %", "",
             INTRODUCTION, ""]
    for name, title, draw in overview.PLOTS:
        drawn = draw(results)
        if drawn:
            (out / name).write_text(drawn, encoding="utf-8")
            lines += [f"![{title}]({name})", ""]
    if any(KINDS[program] == OURS for program in results.programs()):
        lines += section("Goals", goals_table(results))
    lines += sections(results, out)
    for title, rows in (("Large streams, GB/s", streams_table(results)),
                        ("CPU per message, both sides together, ns", cpu_table(results))):
        lines += section(title, rows) if rows else []
    if counts_table(results):
        lines += section(TITLES[COUNTED[0]] + ", 256 B, one core, TCP", COUNTS_NOTE, counts_table(results))
    if results.compile_times:
        lines += section("Compile time", "CPU seconds of one compiler run, without precompiled headers.", compile_table(results))
    (out / "README.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def print_summary(results):
    blocks = [(title_of(group), group_table(results, cases)) for group, cases in groups_of(results).items()]
    blocks += [("Large streams, GB/s", streams_table(results)),
               ("CPU per message, both sides together, ns", cpu_table(results)), (TITLES[COUNTED[0]], counts_table(results)), ("Compile time, CPU seconds", compile_table(results))]
    if any(KINDS[program] == OURS for program in results.programs()):
        blocks.append(("Goals", goals_table(results)))
    for title, lines in blocks:
        if lines:
            print(f"\n{title}")
            print("\n".join(lines))
    if results.disturbed() > 0.1:
        print(f"\nthe machine was busy with other things during {results.disturbed() * 100:.0f} % of the runs: rates suffer "
              "most (a program with more threads gets more of a shared core), CPU per message least")
