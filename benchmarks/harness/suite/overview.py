"""The plots that draw on several tables: everything at a glance, large streams, CPU per message."""

from . import svg
from .plan import Case

SHOWN = ("tempeh", "raw_epoll", "asio_coro_batched", "asio_coro", "zmq", "nng", "grpc", "capnp")
INSIDE = ("tempeh_groups", "mailbox", "zmq_inproc", "nng_inproc", "caf")


def rate(value):
    return f"{svg.short(value)}/s"


def time(nanoseconds):
    return f"{nanoseconds / 1000:.1f} µs" if nanoseconds >= 1000 else f"{nanoseconds:.0f} ns"


PANELS = (
    ("Round trip, 256 B", Case("latency"), SHOWN),
    ("One way, 16 B", Case("throughput", 16), SHOWN),
    ("One way, 256 B", Case("throughput"), SHOWN),
    ("64 in flight, 256 B", Case("pipeline"), SHOWN),
    ("Fan-in, 1,000 connections", Case("fanin", connections=1000), SHOWN),
    ("Inside one process, one way", Case("handover-rate", transport="inproc"), INSIDE),
)


def panel(results, case, programs):
    """name -> (length relative to the best, label); longer is better."""
    found = {name: results.median(case, name) for name in programs}
    found = {name: value for name, value in found.items() if value}
    if not found:
        return {}
    speed = {name: 1 / value if case.lower_is_better else value for name, value in found.items()}
    best = max(speed.values())
    label = time if case.lower_is_better else rate
    return {name: (speed[name] / best, label(found[name])) for name in found}


def overview(results):
    contents = [(title, panel(results, case, programs)) for title, case, programs in PANELS]
    contents = [content for content in contents if content[1]]
    return svg.panels("tempeh and its peers", "Both sides on one core, TCP; bars relative to the best, longer is better. "
                      "raw_epoll: plain system calls, the limit.", contents) if contents else None


def grouped(results, title, unit, cases, figure):
    """cases: (category, case); figure(case, program) -> value or None."""
    cases = [(name, case) for name, case in cases if case in results.cases()]
    series = {program: [figure(case, program) for _, case in cases] for program in results.programs()}
    series = {program: values for program, values in series.items() if any(values)}
    return svg.grouped_bars(title, unit, [name for name, _ in cases], series) if series else None


def large_streams(results):
    cases = [(f"{size:,} B, {transport}", Case("throughput", size, transport)) for transport in ("tcp", "uds")
             for size in (16384, 65000)]
    return grouped(results, "Large streams", "bytes per second, higher is better", cases,
                   lambda case, program: results.median(case, program, "bytesPerSecond"))


def cpu(results):
    """Nanoseconds of both sides together."""
    def figure(case, program):
        sides = [results.median(case, program, f"{side}CpuNsPerMessage") for side in ("client", "server")]
        return sum(sides) if None not in sides else None

    cases = [(f"one way {size} B", Case("throughput", size)) for size in (16, 256, 1024)]
    cases += [("64 in flight 256 B", Case("pipeline")), ("round trip 256 B", Case("latency"))]
    return grouped(results, "CPU per message, client and server together",
                   "nanoseconds, lower is better", cases, figure)


PLOTS = (("overview.svg", "tempeh and its peers", overview), ("large-streams.svg", "Large streams", large_streams),
         ("cpu.svg", "CPU per message", cpu))
