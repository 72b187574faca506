"""What a soak's figures mean."""

import dataclasses
import math
import typing

LONG_ENOUGH = 60  # seconds of the second half; before that pools and heaps still fill
TIMES_QUIET = 3.0


@dataclasses.dataclass
class Verdict:
    what: str
    goal: str
    found: str
    held: typing.Optional[bool]  # None: not judged


def percentile(ascending, percent):
    return ascending[max(0, math.ceil(len(ascending) * percent / 100) - 1)]


def growth(points):
    """What a line through (x, y) rises from the first x to the last, and twice the standard error of that."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if count < 3 or spread == 0:
        return 0.0, math.inf
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points)
    length = points[-1][0] - points[0][0]
    return slope * length, 2 * math.sqrt(rest / (count - 2) / spread) * length


def flat(soak, who, what, unit, least):
    """Whether a column does not rise over the second half: by no more than 5 % or `least`, as far as a line can tell."""
    rows = soak.rows[len(soak.rows) // 2:]
    points = [(row["second"], row[f"{who}_{what}"]) for row in rows if row[f"{who}_{what}"] is not None]
    name = f"{what.replace('rss_kib', 'memory')} of the {who}, second half"
    if len(points) < LONG_ENOUGH:
        return Verdict(name, "flat", "too short to say", None)
    mean = sum(y for _, y in points) / len(points)
    rise, error = growth(points)
    allowed = max(0.05 * mean, least)
    return Verdict(name, "flat", f"mean {mean:,.0f}{unit}, line rises by {rise:+,.1f} ± {error:,.1f}, highest {max(y for _, y in points):,}",
                   rise - error <= allowed)


def accounts_of(program, fields, kind):
    return {found["name"]: {key: int(value) for key, value in found.items() if key != "name"}
            for found in map(fields, (line for line in program.lines if line.startswith(kind)))}


def problems_of(name, account, tally):
    """What does not add up between a client's account and the server's tally of it."""
    def unequal(what, left, right):
        return [f"{name}: {what}, {left} and {right}"] if left != right else []
    ends = account["answered"] + account["failed"] + account["lost"] + account["wrong"]
    found = unequal("asked and ended differ", account["asked"], ends)
    found += [f"{name}: {account[what]} {what}" for what in ("lost", "wrong") if account[what]]
    if tally is None:
        return found
    if tally["disorder"]:
        found.append(f"{name}: {tally['disorder']} signals out of order")
    if tally["duplicates"] > account.get("sent_again", 0):
        found.append(f"{name}: {tally['duplicates']} arrived twice, {account.get('sent_again', 0)} were sent again")
    if not name.startswith("stream"):
        if not account["answered"] <= tally["requests"] <= account["asked"]:
            found.append(f"{name}: asked {account['asked']}, arrived {tally['requests']}, answered {account['answered']}")
    if name.startswith(("coroutine", "blocking")):
        found += unequal("requests asked and arrived differ", account["asked"], tally["requests"])
        found += unequal("signals sent and arrived differ", account["signals"], tally["signals"])
    return found


def lost(soak, fields):
    accounts = accounts_of(soak.clients, fields, "account") | accounts_of(soak.probe, fields, "account")
    tallies = accounts_of(soak.server, fields, "client")
    problems = [problem for name, account in accounts.items() for problem in problems_of(name, account, tallies.get(name))]
    total = {what: sum(account[what] for account in accounts.values()) for what in ("asked", "answered", "failed")}
    if not accounts:
        return Verdict("messages", "0 lost, 0 twice", "no accounts", False)
    text = (f"{total['asked']:,} asked: {total['answered']:,} answered, {total['failed']:,} failed with a reason (cut by the relay), "
            + (f"{len(problems)} PROBLEMS: " + "; ".join(problems[:8]) if problems else "0 lost, 0 wrong, 0 twice or out of order"))
    return Verdict("messages", "0 lost, 0 twice", text, not problems)


def ended(soak, statuses, fields):
    problems = [f"{name} ended with {status}" for name, status in statuses.items() if status != 0]
    for program in (soak.server, soak.clients):
        end = next((fields(line) for line in program.lines if line.startswith("end")), None)
        if end is None or int(end["channels"]) or int(end["pool_outstanding"]):
            problems.append(f"{program.name}: {end}")
    return Verdict("end", "clean, no channel and no message left", "; ".join(problems) or "clean", not problems)


def latency(soak):
    quiet, hostile = (sorted(soak.latencies[phase]) for phase in ("quiet", "hostile"))
    what = "p99 of a well-behaved peer, quiet and hostile"
    goal = f"within {TIMES_QUIET:g} ×"
    if not quiet or not hostile:
        return Verdict(what, goal, "no figures", None)
    before, after = percentile(quiet, 99), percentile(hostile, 99)
    text = (f"{before:,} µs and {after:,} µs: {after / before:.2f} × (p50 {percentile(quiet, 50):,} and {percentile(hostile, 50):,} µs, "
            f"max {quiet[-1]:,} and {hostile[-1]:,} µs; {len(quiet):,} and {len(hostile):,} requests)")
    if not soak.hostile:
        return Verdict(what, goal, "no hostile peers; " + text, None)
    return Verdict(what, goal, text, after <= TIMES_QUIET * before if len(soak.rows) >= 2 * LONG_ENOUGH else None)


def judge(soak, statuses, fields):
    found = [lost(soak, fields), ended(soak, statuses, fields)]
    for who in ("server", "clients"):
        found += [flat(soak, who, "rss_kib", " KiB", 2048), flat(soak, who, "descriptors", "", 8), flat(soak, who, "threads", "", 2)]
    return [*found, latency(soak)]
