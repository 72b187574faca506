"""The plots that draw on several tables: everything at a glance, large streams, CPU per message."""

from . import svg
from .plan import Case

SHOWN = ("tempeh", "raw_epoll", "asio_coro_batched", "asio_coro", "zmq", "nng", "grpc", "capnp")
PLAIN = ("tempeh_plain", "tempeh_blocking_plain", "asio_coro", "zmq", "nng", "grpc", "capnp")
INSIDE = ("tempeh_groups", "tempeh_mem_engines", "mailbox", "zmq_inproc", "nng_inproc", "caf")


def rate(value):
    return f"{svg.short(value)}/s"


def time(nanoseconds):
    return f"{nanoseconds / 1000:.1f} µs" if nanoseconds >= 1000 else f"{nanoseconds:.0f} ns"


PANELS = (
    ("Round trip, 256 B", Case("latency"), SHOWN),
    ("One way, 16 B", Case("throughput", 16), SHOWN),
    ("One way, 256 B", Case("throughput"), SHOWN),
    ("One way, 256 B, plain loops", Case("throughput"), PLAIN),
    ("64 in flight, 256 B", Case("pipeline"), SHOWN),
    ("64 in flight, 256 B, plain loops", Case("pipeline"), PLAIN),
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


STREAMS = [(f"{size:,} B, {transport}", Case("throughput", size, transport)) for transport in ("tcp", "uds")
           for size in (16384, 65000)]
CPU = [(f"one way {size:,} B", Case("throughput", size)) for size in (16, 256, 1024)]
CPU += [("64 in flight 256 B", Case("pipeline")), ("round trip 256 B", Case("latency"))]


def stream_bytes(results, case, program):
    return results.median(case, program, "bytesPerSecond")


def cpu_of_both(results, case, program):
    """Nanoseconds per message, client and server together."""
    sides = [results.median(case, program, f"{side}CpuNsPerMessage") for side in ("client", "server")]
    return sum(sides) if None not in sides else None


def gathered(results, cases, figure):
    """(categories, program -> figures) of what was measured."""
    cases = [(name, case) for name, case in cases if case in results.cases()]
    series = {program: [figure(results, case, program) for _, case in cases] for program in results.programs()}
    return [name for name, _ in cases], {program: values for program, values in series.items() if any(values)}


def large_streams(results):
    categories, series = gathered(results, STREAMS, stream_bytes)
    return svg.grouped_bars("Large streams", "bytes per second, higher is better", categories, series) if series else None


def cpu(results):
    categories, series = gathered(results, CPU, cpu_of_both)
    title = "CPU per message, client and server together"
    return svg.grouped_bars(title, "nanoseconds, lower is better", categories, series) if series else None


PLOTS = (("overview.svg", "tempeh and its peers", overview), ("large-streams.svg", "Large streams", large_streams),
         ("cpu.svg", "CPU per message", cpu))
