"""The goals, each a bound on the worst of some paired ratios."""

from dataclasses import dataclass
from typing import Callable

from .plan import COUNTED, IN_PROCESS, ONE_CORE, STYLES, TWO_CORES

REACTOR, EXECUTOR, BLOCKING = STYLES
LOOPBACK = ("tempeh_loopback_uds", "tempeh_loopback_tcp")
IDLE_BYTES = 2560
NONE = 0.0005  # an allocation seldomer than this per message is one that does not depend on the messages


def show(value):
    if value < 0.1:
        return f"{value:.4f}"
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}"


@dataclass(frozen=True)
class Goal:
    text: str
    measure: Callable  # Results -> list of (label, figure)
    bound: float
    at_least: bool

    def judge(self, results):
        """(verdict, figures): the worst figure decides."""
        figures = [(label, value) for label, value in self.measure(results) if value is not None]
        if not figures:
            return "not measured", ""
        worst = (min if self.at_least else max)(figures, key=lambda item: item[1])
        missed = sum(not self.holds(value) for _, value in figures)
        shown = f"{show(worst[1])} ({worst[0]})"
        if not missed:
            return "met", shown
        return "**not met**", shown + (f"; {missed} of {len(figures)} miss" if len(figures) > 1 else "")

    def holds(self, value):
        return value >= self.bound if self.at_least else value <= self.bound


def against(programs, other, matches):
    """Figures of every case that matches: our programs against another."""
    def measure(results):
        return [(f"{program}, {case.transport} {case.axis_label}", results.ratio(case, program, other))
                for case in results.cases() if matches(case) for program in programs]
    return measure


def steady(workload, **wanted):
    """On one core, sleeping: sizes=(...), transport=..., connections=..."""
    def matches(case):
        return (case.workload == workload and case.pinning == ONE_CORE and case.spin_us == 0
                and case.size in wanted.get("sizes", (case.size,))
                and case.transport == wanted.get("transport", case.transport)
                and case.connections in wanted.get("connections", (case.connections,)))
    return matches


def spread_latency(spins):
    def matches(case):
        return case.workload == "latency" and case.pinning == TWO_CORES and (case.spin_us > 0) == spins
    return matches


def fan_in_growth(results):
    """Time per message at 10,000 connections over that at 10; beside it what plain system calls make of it."""
    few, many = ([case for case in results.cases() if steady("fanin", connections=(n,))(case)] for n in (10, 10000))
    figures = []
    for small, large in ((small, large) for small in few for large in many if small.transport == large.transport):
        limit = results.ratio(small, small.limit, small.limit, other_case=large)
        beside = f", where {small.limit} has {limit:.2f}" if limit else ""
        figures.append((small.transport + beside, results.ratio(small, REACTOR, REACTOR, other_case=large)))
    return figures


def open_loop(other):
    def measure(results):
        return [(f"{REACTOR}, {case.axis_label}", results.ratio(case, REACTOR, other, "rttP999Ns"))
                for case in results.cases() if case.workload == "open"]
    return measure


def idle_cases(results):
    """transport -> cases, by number of connections"""
    found = {}
    for case in results.cases():
        if case.workload == "idle":
            found.setdefault(case.transport, []).append(case)
    return {transport: sorted(cases, key=lambda case: case.connections) for transport, cases in found.items()}


def idle_memory(results):
    figures = []
    for transport, cases in idle_cases(results).items():
        for case in cases:
            for side in ("client", "server"):
                total = results.median(case, REACTOR, f"{side}MemoryBytes")
                label = f"{side}, {transport}, {case.axis_label}"
                figures.append((label, total / case.connections if total is not None else None))
    return figures


def idle_growth(results):
    """Bytes for one more connection among the most, over the same among the fewest."""
    figures = []
    for transport, cases in idle_cases(results).items():
        for side in ("client", "server"):
            points = [(case.connections, results.median(case, REACTOR, f"{side}MemoryBytes")) for case in cases]
            points = [point for point in points if point[1] is not None]
            if len(points) < 3:
                continue
            slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(points, points[1:])]
            figures.append((f"{side}, {transport}, up to {points[-1][0]:,}", slopes[-1] / slopes[0]))
    return figures


def idle_latency(results):
    alone = [case for case in results.cases() if steady("latency", sizes=(256,))(case)]
    return [(f"{case.transport}, among {case.axis_label}", results.ratio(case, REACTOR, REACTOR, other_case=single))
            for case in results.cases() if case.workload == "idle"
            for single in alone if single.transport == case.transport]


def idle_held(results):
    held = [case for case in results.cases() if case.workload == "idle" and results.values(case, REACTOR)]
    return [("connections", max((case.connections for case in held), default=None))]


def in_process(programs, other):
    """How many times faster than the other, at ping-pong and one way."""
    def measure(results):
        names = {"handover": "ping-pong", "handover-rate": "one way"}
        return [(f"{program}, {names[case.workload]}", results.advantage(case, program, other))
                for case in results.cases() if case.workload in IN_PROCESS and case.pinning == ONE_CORE
                for program in programs]
    return measure


def counted(what, programs):
    """Per message on the side that does it more often."""
    def measure(results):
        return [(f"{program}, {case.program_workload}", results.median(case, program, f"{what}Worse"))
                for case in results.cases() if case.workload in COUNTED for program in programs]
    return measure


def compile_seconds(results):
    return [(f"{figure['source']}, {figure['compiler']} {figure['level']}", figure["seconds"])
            for figure in results.compile_times if figure["source"] != "asio_only"]


FAST, OTHERS = (REACTOR,), (EXECUTOR, BLOCKING)
GOALS = (
    Goal("plain loop, thread, 64 in flight, 256 B: at least 1.5 × ZeroMQ",
         against(("tempeh_blocking_plain",), "zmq", steady("pipeline", sizes=(256,))), 1.5, True),
    Goal("plain loop, thread posts one way, 16 B: at least 3 × ZeroMQ",
         against(("tempeh_blocking_plain",), "zmq", steady("throughput", sizes=(16,))), 3, True),
    Goal("plain loop, thread posts one way, 256 B: at least 4 × ZeroMQ",
         against(("tempeh_blocking_plain",), "zmq", steady("throughput", sizes=(256,))), 4, True),
    Goal("plain loop, coroutine posts one way, 16 B: at least 5 × ZeroMQ",
         against(("tempeh_plain",), "zmq", steady("throughput", sizes=(16,))), 5, True),
    Goal("plain loop, coroutine posts one way, 256 B: at least 4 × ZeroMQ",
         against(("tempeh_plain",), "zmq", steady("throughput", sizes=(256,))), 4, True),
    Goal("plain loop, thread, round trip p50: at most 0.5 × ZeroMQ",
         against(("tempeh_blocking_plain",), "zmq", steady("latency")), 0.5, False),
    Goal("`Peer::request` from 64 threads on one peer, 256 B: at least 0.125 × raw epoll",
         against(("tempeh_requests",), "raw_epoll", steady("pipeline", sizes=(256,))), 0.125, True),
    Goal("latency p50, coroutine on the reactor, TCP: at most 1.08 × raw epoll at every size",
         against(FAST, "raw_epoll", steady("latency", transport="tcp")), 1.08, False),
    Goal("latency p50, coroutine on the reactor, Unix: at most 1.1 × raw epoll at every size",
         against(FAST, "raw_epoll", steady("latency", transport="uds")), 1.1, False),
    Goal("latency p50, coroutine on the reactor: under 0.45 × ZeroMQ",
         against(FAST, "zmq", steady("latency")), 0.45, False),
    Goal("latency p50, blocking: at most 0.5 × ZeroMQ", against((BLOCKING,), "zmq", steady("latency")), 0.5, False),
    Goal("latency p50, foreign executor: at most 0.55 × ZeroMQ", against((EXECUTOR,), "zmq", steady("latency")), 0.55, False),
    Goal("latency p50, blocking or foreign executor: under 0.45 × nng",
         against(OTHERS, "nng", steady("latency")), 0.45, False),
    Goal("throughput 16 B: at least 5 × ZeroMQ", against(FAST, "zmq", steady("throughput", sizes=(16,))), 5, True),
    Goal("throughput 256 B: at least 4 × ZeroMQ", against(FAST, "zmq", steady("throughput", sizes=(256,))), 4, True),
    Goal("throughput 1,024 B: at least 0.75 × raw epoll",
         against(FAST, "raw_epoll", steady("throughput", sizes=(1024,))), 0.75, True),
    Goal("throughput 16 KiB and up, TCP: at least 1.1 × raw epoll",
         against(FAST, "raw_epoll", steady("throughput", sizes=(16384, 65000), transport="tcp")), 1.1, True),
    Goal("throughput 16 KiB and up, Unix: at least 0.75 × raw epoll",
         against(FAST, "raw_epoll", steady("throughput", sizes=(16384, 65000), transport="uds")), 0.75, True),
    Goal("pipeline 64, 16 to 1,024 B: at least 4 × ZeroMQ",
         against(FAST, "zmq", steady("pipeline", sizes=(16, 256, 1024))), 4, True),
    Goal("pipeline 64, 16 to 1,024 B, TCP: at least 0.75 × raw epoll",
         against(FAST, "raw_epoll", steady("pipeline", sizes=(16, 256, 1024), transport="tcp")), 0.75, True),
    Goal("pipeline 64, 16 to 1,024 B, Unix: at least 0.7 × raw epoll",
         against(FAST, "raw_epoll", steady("pipeline", sizes=(16, 256, 1024), transport="uds")), 0.7, True),
    Goal("fan-in 10, 100 and 1,000: at least 0.9 × raw epoll",
         against(FAST, "raw_epoll", steady("fanin", connections=(10, 100, 1000))), 0.9, True),
    Goal("fan-in from 10 to 10,000 connections: at most 1.3 × per message", fan_in_growth, 1.3, False),
    Goal("idle connection: at most 2.5 KiB of user memory each, each side", idle_memory, IDLE_BYTES, False),
    Goal("connections set up, 1 and 1,000 at a time: at least as fast as ZeroMQ",
         against(FAST, "zmq", steady("setup")), 1, True),
    *(Goal(f"open loop at 50 % and 90 % of its own peak, p99.9: at most that of {name}", open_loop(other), 1, False)
      for other, name in (("zmq", "ZeroMQ"), ("nng", "nng"), ("grpc", "gRPC"))),
    Goal("idle connections: 19,000 held in one reactor process", idle_held, 19000, True),
    Goal("idle connections: memory grows linearly, the last as dear as the first (within 1.1 ×)", idle_growth, 1.1, False),
    Goal("one active among idle connections: latency within 1.1 × of alone", idle_latency, 1.1, False),
    Goal("one core each, polling: latency p50 at most 1.3 × raw polling epoll",
         against(FAST, "raw_epoll", spread_latency(True)), 1.3, False),
    Goal("one core each, sleeping: latency p50 at most 1.06 × raw epoll",
         against(FAST, "raw_epoll", spread_latency(False)), 1.06, False),
    Goal("in-process, group to group inside one reactor: faster than ZeroMQ inproc",
         in_process(("tempeh_groups",), "zmq_inproc"), 1, True),
    Goal("in-process, group to group inside one reactor: faster than CAF",
         in_process(("tempeh_groups",), "caf"), 1, True),
    Goal("in-process, group to group between two blocking threads: faster than ZeroMQ inproc",
         in_process(("tempeh_threads",), "zmq_inproc"), 1, True),
    Goal("in-process, two engines in two threads over `mem|`: faster than ZeroMQ inproc",
         in_process(("tempeh_mem_engines",), "zmq_inproc"), 1, True),
    Goal("in-process, two engines in two threads over `mem|`: faster than nng inproc",
         in_process(("tempeh_mem_engines",), "nng_inproc"), 1, True),
    Goal("in-process, two groups through a loopback socket: faster than ZeroMQ inproc",
         in_process(LOOPBACK, "zmq_inproc"), 1, True),
    Goal("in-process, two groups through a loopback socket: faster than CAF", in_process(LOOPBACK, "caf"), 1, True),
    Goal("steady state: 0 allocations per message on each side, all styles", counted("allocations", STYLES), NONE, False),
    Goal("steady state: under 0.1 system calls per message on each side, all styles",
         counted("syscalls", STYLES), 0.1, False),
    Goal("steady state: under 0.1 wakes per message on each side, all styles", counted("wakes", STYLES), 0.1, False),
    Goal("steady state: under 0.1 lock acquisitions per message on each side, coroutine on the reactor",
         counted("locks", FAST), 0.1, False),
    Goal("steady state: under 0.1 lock acquisitions per message on each side, blocking or foreign executor",
         counted("locks", OTHERS), 0.1, False),
    Goal("compile time of a user's file that includes `<tempeh/tempeh.hpp>`: under 2 s", compile_seconds, 2, False),
)
