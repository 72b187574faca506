"""Which programs run which cases."""

from dataclasses import dataclass

LIMIT, HAND, LIBRARY, OURS = "limit", "hand-written", "library", "tempeh"


@dataclass(frozen=True)
class Program:
    name: str
    binaries: tuple  # the first that was built is used
    kind: str
    mode: str = ""
    max_connections: int = 19000  # what it holds in bearable time
    can_spin: bool = False


PROGRAMS = (
    Program("tempeh", ("tempeh_bench", "bench_macro"), OURS, "coroutine", can_spin=True),
    Program("tempeh_executor", ("tempeh_bench", "bench_macro"), OURS, "executor", can_spin=True),
    Program("tempeh_blocking", ("tempeh_bench", "bench_macro"), OURS, "blocking", can_spin=True),
    Program("raw_epoll", ("peer_raw_epoll",), LIMIT, can_spin=True),
    Program("asio_coro_batched", ("peer_asio_coro_batched",), HAND, can_spin=True),
    Program("asio_callback", ("peer_asio_callback",), HAND, can_spin=True),
    Program("asio_coro", ("peer_asio_coro",), HAND, can_spin=True),
    Program("zmq", ("peer_zmq",), LIBRARY, max_connections=10000),
    Program("nng", ("peer_nng",), LIBRARY, max_connections=1000),
    Program("grpc", ("peer_grpc",), LIBRARY, max_connections=1000),
)

ONE_CORE, TWO_CORES = "one core", "one core each"


@dataclass(frozen=True)
class Case:
    workload: str  # latency, throughput, pipeline, fanin, setup, idle
    size: int = 256
    transport: str = "tcp"
    pinning: str = ONE_CORE
    connections: int = 1
    spin_us: int = 0

    @property
    def program_workload(self):
        """Idle is the ping-pong of one connection among many."""
        return "latency" if self.workload == "idle" else self.workload

    @property
    def metric(self):
        return "rttP50Ns" if self.program_workload == "latency" else "messagesPerSecond"

    @property
    def lower_is_better(self):
        return self.metric == "rttP50Ns"

    @property
    def group(self):
        """Cases of one group differ only along one axis and share a table and a plot."""
        return (self.workload, self.transport, self.pinning, self.spin_us)

    @property
    def axis(self):
        return self.connections if self.workload in ("fanin", "idle") else self.size

    @property
    def axis_label(self):
        if self.workload in ("fanin", "idle"):
            return f"{self.connections:,}"
        return f"{self.size:,} B" if self.size < 1024 or self.size % 1024 else f"{self.size // 1024} KiB"

    @property
    def label(self):
        parts = [self.workload, self.transport, f"{self.size} B", self.pinning]
        if self.connections > 1:
            parts.append(f"{self.connections} connections")
        if self.spin_us:
            parts.append(f"polling {self.spin_us} us")
        return ", ".join(parts)


def full_cases():
    cases = []
    sizes = (16, 256, 1024, 16384, 65000)
    for transport in ("tcp", "uds"):
        cases += [Case("latency", size, transport) for size in sizes]
        cases += [Case("throughput", size, transport) for size in sizes]
        cases += [Case("pipeline", size, transport) for size in sizes[:4]]
        cases += [Case("setup", transport=transport)]
        cases += [Case("latency", 256, transport, TWO_CORES, spin_us=spin) for spin in (0, 100)]
    cases += [Case("throughput", size, pinning=TWO_CORES) for size in (16, 256, 16384)]
    cases += [Case("pipeline", size, pinning=TWO_CORES) for size in (16, 256)]
    cases += [Case("fanin", connections=n) for n in (1, 10, 100, 1000, 10000)]
    cases += [Case("fanin", transport="uds", connections=1000)]
    cases += [Case("idle", connections=n) for n in (1000, 10000, 19000)]
    return cases


def quick_cases():
    cases = [Case("latency", size) for size in (16, 256, 16384)]
    cases += [Case("latency", 256, "uds")]
    cases += [Case("throughput", size) for size in (16, 256, 1024, 16384)]
    cases += [Case("pipeline", size) for size in (16, 1024)]
    cases += [Case("fanin", connections=n) for n in (10, 1000)]
    cases += [Case("idle", connections=1000)]
    cases += [Case("latency", 256, pinning=TWO_CORES, spin_us=spin) for spin in (0, 100)]
    return cases


def runs_in(program, case):
    """Whether this program has anything to say about this case."""
    if case.connections > program.max_connections:
        return False
    return case.spin_us == 0 or program.can_spin
