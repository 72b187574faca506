"""The goals, each a bound on the worst of some paired ratios."""

from dataclasses import dataclass
from typing import Callable

from .plan import ONE_CORE, TWO_CORES

REACTOR, EXECUTOR, BLOCKING = "tempeh", "tempeh_executor", "tempeh_blocking"
IDLE_BYTES = 4096


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
        met = worst[1] >= self.bound if self.at_least else worst[1] <= self.bound
        shown = f"{worst[1]:.2f}" if worst[1] < 100 else f"{worst[1]:,.0f}"
        return ("met" if met else "**not met**"), f"{shown} ({worst[0]})"


def against(programs, other, matches):
    """Figures of every case that matches: our programs against another."""
    def measure(results):
        return [(f"{program}, {case.transport} {case.axis_label}", results.ratio(case, program, other))
                for case in results.cases() if matches(case) for program in programs]
    return measure


def steady(workload, **wanted):
    """On one core, sleeping: sizes=(...), connections=..."""
    def matches(case):
        return (case.workload == workload and case.pinning == ONE_CORE and case.spin_us == 0
                and case.size in wanted.get("sizes", (case.size,))
                and case.connections == wanted.get("connections", case.connections))
    return matches


def spread_latency(spins):
    def matches(case):
        return case.workload == "latency" and case.pinning == TWO_CORES and (case.spin_us > 0) == spins
    return matches


def fan_in_growth(results):
    """Time per message at 10,000 connections over that at 10."""
    few, many = ([case for case in results.cases() if steady("fanin", connections=n)(case)] for n in (10, 10000))
    return [(f"{case.transport}", results.ratio(small, REACTOR, REACTOR, other_case=case))
            for small in few for case in many if small.transport == case.transport]


def idle_memory(results):
    figures = []
    for case in results.cases():
        if case.workload == "idle" and case.connections >= 1000:
            for side in ("client", "server"):
                total = results.median(case, REACTOR, f"{side}MemoryBytes")
                figures.append((f"{side}, {case.axis_label}", total / case.connections if total is not None else None))
    return figures


def idle_latency(results):
    alone = [case for case in results.cases() if steady("latency", sizes=(256,))(case)]
    return [(f"among {case.axis_label}", results.ratio(case, REACTOR, REACTOR, other_case=single))
            for case in results.cases() if case.workload == "idle"
            for single in alone if single.transport == case.transport]


FAST, OTHERS = (REACTOR,), (EXECUTOR, BLOCKING)
GOALS = (
    Goal("latency p50, coroutine on the reactor: at most 1.12 × raw epoll at every size",
         against(FAST, "raw_epoll", steady("latency")), 1.12, False),
    Goal("latency p50, coroutine on the reactor: under 0.45 × ZeroMQ",
         against(FAST, "zmq", steady("latency")), 0.45, False),
    Goal("latency p50, blocking or foreign executor: under 0.6 × ZeroMQ",
         against(OTHERS, "zmq", steady("latency")), 0.6, False),
    Goal("latency p50, blocking or foreign executor: under 0.45 × nng",
         against(OTHERS, "nng", steady("latency")), 0.45, False),
    Goal("throughput 16 B: at least 5 × ZeroMQ", against(FAST, "zmq", steady("throughput", sizes=(16,))), 5, True),
    Goal("throughput 256 B: at least 4 × ZeroMQ", against(FAST, "zmq", steady("throughput", sizes=(256,))), 4, True),
    Goal("throughput 1,024 B: at least 0.75 × raw epoll",
         against(FAST, "raw_epoll", steady("throughput", sizes=(1024,))), 0.75, True),
    Goal("throughput 16 KiB and up: at least 0.9 × raw epoll",
         against(FAST, "raw_epoll", steady("throughput", sizes=(16384, 65000))), 0.9, True),
    Goal("pipeline 64, 16 to 1,024 B: at least 3.5 × ZeroMQ",
         against(FAST, "zmq", steady("pipeline", sizes=(16, 256, 1024))), 3.5, True),
    Goal("pipeline 64, 16 to 1,024 B: at least 0.65 × raw epoll",
         against(FAST, "raw_epoll", steady("pipeline", sizes=(16, 256, 1024))), 0.65, True),
    Goal("fan-in 1,000: at least 0.85 × raw epoll",
         against(FAST, "raw_epoll", steady("fanin", connections=1000)), 0.85, True),
    Goal("fan-in from 10 to 10,000 connections: under 1.5 × per message", fan_in_growth, 1.5, False),
    Goal("idle connection: under 4 KiB of user memory each, each side", idle_memory, IDLE_BYTES, False),
    Goal("one active among idle connections: latency within 1.1 × of alone", idle_latency, 1.1, False),
    Goal("one core each, polling: latency p50 at most 1.3 × raw polling epoll",
         against(FAST, "raw_epoll", spread_latency(True)), 1.3, False),
    Goal("one core each, sleeping: latency p50 at most 1.06 × raw epoll",
         against(FAST, "raw_epoll", spread_latency(False)), 1.06, False),
)
