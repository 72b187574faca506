"""Which programs run which cases."""

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields

LIMIT, HAND, LIBRARY, OURS = "limit", "hand-written", "library", "tempeh"
ONE_CORE, TWO_CORES = "one core", "one core each"

RTT, RATE, CALLS = "rttP50Ns", "messagesPerSecond", "syscalls"

# Name of a workload: (what the programs are told, the figure that counts).
WORKLOADS = {
    "latency": ("latency", RTT),
    "throughput": ("throughput", RATE),
    "pipeline": ("pipeline", RATE),
    "fanin": ("fanin", RATE),
    "setup": ("setup", RATE),
    "idle": ("latency", RTT),  # one connection among many
    "open": ("open", RTT),  # requests at a fixed rate
    "handover": ("latency", RTT),  # inside one process
    "handover-rate": ("throughput", RATE),
    "steady-throughput": ("throughput", CALLS),  # counted instead of timed
    "steady-pipeline": ("pipeline", CALLS),
}
IN_PROCESS = ("handover", "handover-rate")
COUNTED = ("steady-throughput", "steady-pipeline")


@dataclass(frozen=True)
class Program:
    name: str
    binaries: tuple  # the first that was built is used
    kind: str
    mode: str = ""
    max_connections: int = 19000  # what it holds in bearable time
    can_spin: bool = False
    in_process: str = ""  # the address it takes when both parties are in one process
    workloads: tuple = ()  # empty: all


OWN = ("tempeh_bench", "bench_macro")
PROGRAMS = (
    Program("tempeh", OWN, OURS, "coroutine", can_spin=True),
    Program("tempeh_executor", OWN, OURS, "executor", can_spin=True),
    Program("tempeh_blocking", OWN, OURS, "blocking", can_spin=True),
    Program("tempeh_plain", OWN, OURS, "coroutine-plain", workloads=("throughput", "pipeline")),
    Program("tempeh_blocking_plain", OWN, OURS, "blocking-plain", workloads=("latency", "throughput", "pipeline")),
    Program("tempeh_requests", OWN, OURS, "requests", workloads=("pipeline",)),
    Program("raw_epoll", ("peer_raw_epoll",), LIMIT, can_spin=True),
    Program("asio_coro_batched", ("peer_asio_coro_batched",), HAND, can_spin=True),
    Program("asio_callback", ("peer_asio_callback",), HAND, can_spin=True),
    Program("asio_coro", ("peer_asio_coro",), HAND, can_spin=True),
    Program("zmq", ("peer_zmq",), LIBRARY, max_connections=10000),
    Program("nng", ("peer_nng",), LIBRARY, max_connections=1000),
    Program("grpc", ("peer_grpc",), LIBRARY, max_connections=1000),
    Program("capnp", ("peer_capnp",), LIBRARY, max_connections=1000),
    Program("tempeh_groups", OWN, OURS, "groups", in_process="uds|unused"),
    Program("tempeh_threads", OWN, OURS, "threads", in_process="uds|unused"),
    Program("tempeh_loopback_uds", OWN, OURS, "loopback", in_process="uds|{folder}/socket"),
    Program("tempeh_loopback_tcp", OWN, OURS, "loopback", in_process="tcp|127.0.0.1|0"),
    Program("tempeh_mem", OWN, OURS, "loopback", in_process="mem|bench"),
    Program("tempeh_mem_engines", OWN, OURS, "engines", in_process="mem|bench"),
    Program("mailbox", ("peer_mailbox",), LIMIT, in_process="uds|unused"),
    Program("zmq_inproc", ("peer_zmq",), LIBRARY, in_process="uds|unused"),
    Program("nng_inproc", ("peer_nng",), LIBRARY, in_process="uds|unused"),
    Program("caf", ("peer_caf",), LIBRARY, in_process="uds|unused"),
)
KINDS = {program.name: program.kind for program in PROGRAMS}
LIMITS = ("raw_epoll", "mailbox")  # between processes, inside one


@dataclass(frozen=True)
class Case:
    workload: str
    size: int = 256
    transport: str = "tcp"
    pinning: str = ONE_CORE
    connections: int = 1
    spin_us: int = 0
    load: int = 0  # open: per cent of what the program does with 64 in flight

    @property
    def program_workload(self):
        return WORKLOADS[self.workload][0]

    @property
    def metric(self):
        return WORKLOADS[self.workload][1]

    @property
    def lower_is_better(self):
        return self.metric in (RTT, CALLS)

    @property
    def in_process(self):
        return self.workload in IN_PROCESS

    @property
    def counted(self):
        return self.workload in COUNTED

    @property
    def limit(self):
        return LIMITS[self.in_process]

    @property
    def group(self):
        """Cases of one group differ only along one axis and share a table and a plot."""
        transport = "" if self.workload == "setup" else self.transport
        return (self.workload, transport, "" if self.in_process else self.pinning, self.spin_us)

    @property
    def axis(self):
        if self.workload == "setup":
            return self.transport + (f", {self.connections:,} at a time" if self.connections > 1 else "")
        if self.workload == "open":
            return f"{self.load} %"
        if self.in_process:
            return self.pinning
        return self.connections if self.workload in ("fanin", "idle") else self.size

    @property
    def axis_label(self):
        if isinstance(self.axis, str):
            return self.axis
        if self.workload in ("fanin", "idle"):
            return f"{self.connections:,}"
        return f"{self.size:,} B" if self.size < 1024 or self.size % 1024 else f"{self.size // 1024} KiB"

    @property
    def label(self):
        parts = [self.workload, self.transport, f"{self.size} B", self.pinning]
        if self.connections > 1:
            parts.append(f"{self.connections} connections")
        if self.load:
            parts.append(f"{self.load} % load")
        if self.spin_us:
            parts.append(f"polling {self.spin_us} us")
        return ", ".join(parts)

    def fields(self):
        """What Case(**fields) makes it from, defaults left out."""
        return {field.name: getattr(self, field.name) for field in dataclass_fields(self)
                if getattr(self, field.name) != field.default}


@dataclass(frozen=True)
class Entry:
    """A case, who takes part (None: all who can), how often at most."""
    case: Case
    programs: tuple = None
    repetitions: int = 1000


STYLES = ("tempeh", "tempeh_executor", "tempeh_blocking")
PLAIN = ("tempeh_plain", "tempeh_blocking_plain", "tempeh_requests")
SIZES = (16, 256, 1024, 16384, 65000)
OPEN = ("tempeh", "raw_epoll", "zmq", "nng", "grpc")  # what can keep a pace
TOGETHER = ("tempeh", "raw_epoll", "zmq")  # what opens many connections at a time


def handovers(pinning=ONE_CORE):
    return [Entry(Case(workload, transport="inproc", pinning=pinning)) for workload in IN_PROCESS]


def open_loop():
    """Where both sides have a core, or the pace of the client is the server's load."""
    return [Entry(Case("open", pinning=TWO_CORES, load=load)) for load in (50, 90)]


def counts(programs, repetitions):
    return [Entry(Case(workload), programs, repetitions) for workload in COUNTED]


def full_plan():
    entries = []
    for transport in ("tcp", "uds"):
        entries += [Entry(Case("latency", size, transport)) for size in SIZES]
        entries += [Entry(Case("throughput", size, transport)) for size in SIZES]
        entries += [Entry(Case("pipeline", size, transport)) for size in SIZES[:4]]
        entries += [Entry(Case("setup", transport=transport), None, 3)]
        entries += [Entry(Case("setup", transport=transport, connections=1000), None, 3)]
        entries += [Entry(Case("latency", 256, transport, TWO_CORES, spin_us=spin)) for spin in (0, 100)]
    entries += [Entry(Case("throughput", size, pinning=TWO_CORES)) for size in (16, 256, 16384)]
    entries += [Entry(Case("pipeline", size, pinning=TWO_CORES)) for size in (16, 256)]
    entries += open_loop()
    entries += [Entry(Case("fanin", connections=n)) for n in (1, 10, 100, 1000)]
    entries += [Entry(Case("fanin", connections=10000), None, 3), Entry(Case("fanin", transport="uds", connections=1000))]
    entries += handovers() + handovers(TWO_CORES)
    entries += counts(None, 2)
    held = ("tempeh", "raw_epoll", "asio_coro", "asio_coro_batched", "zmq")
    entries += [Entry(Case("idle", transport=transport, connections=n), held, 3)
                for transport in ("uds", "tcp") for n in (1000, 10000, 19000)]
    return entries


def quick_plan():
    """Every goal has its cases here; the peers that no goal names take part at one size each."""
    named = STYLES + ("tempeh_blocking_plain", "raw_epoll", "zmq", "nng")
    batched = ("tempeh", *PLAIN, "raw_epoll", "asio_coro_batched", "zmq")
    bare = ("tempeh", "raw_epoll")
    entries = [Entry(Case("latency", size), named if size != 256 else None) for size in (16, 256, 16384)]
    entries += [Entry(Case("latency", 65000), bare + ("zmq",)), Entry(Case("latency", 256, "uds"), named)]
    entries += [Entry(Case("throughput", size), batched if size != 256 else None) for size in SIZES]
    entries += [Entry(Case("throughput", size, "uds"), batched) for size in (1024, 16384, 65000)]
    entries += [Entry(Case("pipeline", size), batched if size != 256 else None) for size in (16, 256, 1024)]
    entries += [Entry(Case("pipeline", size, "uds"), bare + ("zmq",)) for size in (16, 1024)]
    entries += [Entry(Case("setup"), bare + ("zmq", "nng", "grpc")), Entry(Case("setup", connections=1000))]
    entries += open_loop()
    entries += [Entry(Case("fanin", connections=n), bare) for n in (10, 100)]
    entries += [Entry(Case("fanin", connections=1000), batched + ("asio_coro", "grpc"))]
    entries += [Entry(Case("latency", 256, pinning=TWO_CORES), named), Entry(Case("latency", 256, pinning=TWO_CORES, spin_us=100))]
    entries += handovers()
    entries += counts(STYLES + ("raw_epoll", "asio_coro_batched", "zmq", "nng", "grpc"), 1)
    entries += [Entry(Case("fanin", connections=10000), bare, 2)]
    # Over Unix sockets, which spares the local ports.
    entries += [Entry(Case("idle", transport="uds", connections=n), bare, 2) for n in (1000, 10000, 19000)]
    return entries


def takes_part(program, entry):
    """Whether this program has anything to say about this case."""
    case = entry.case
    if entry.programs is not None and program.name not in entry.programs:
        return False
    if case.in_process != bool(program.in_process):
        return False
    if program.workloads and case.workload not in program.workloads:
        return False
    if case.workload == "open" and program.name not in OPEN:
        return False
    if case.workload == "setup" and case.connections > 1 and program.name not in TOGETHER:
        return False
    if case.connections > program.max_connections:
        return False
    return case.spin_us == 0 or program.can_spin
