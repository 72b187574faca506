#!/usr/bin/env python3
"""Proves that the simulation finds bugs: builds it with one bug at a time in a copy of the sources and counts the seeds
it takes to notice.

Usage: mutants.py [--seeds N] [--build DIR] [--jobs J] [NAME...]. A bug is a text that is searched and replaced; one that
does not stand in its source any more, just once, is an error. Exit status 1 when a bug lives through all seeds.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = re.compile(r"^seed (\d+): (.*)$", re.MULTILINE)
FAILED_SEED = re.compile(r"^seed (\d+) failed: (.*)$", re.MULTILINE)

# (name, what is broken, source, search, replace)
MUTANTS = [
    ("lost-held-back", "a message posted behind the bye is lost", "lib/core/channel/send_queue.hpp",
     "        back.append(held_);\n        heldBytes_ = 0;\n", "        held_.clear();\n        heldBytes_ = 0;\n"),
    ("lost-hello", "a hello that was not answered does not come back", "lib/core/channel/io_channel.cpp",
     "    if (ending.returnHello) back.pushBack(std::move(hello_));\n", ""),
    ("lost-late", "what is posted after the end is lost", "lib/core/submit/submit_queue.cpp",
     "    if (data.late.empty()) retireHeld(*channel);\n    data.lateBytes = 0;\n    return std::move(data.late);\n",
     "    data.late.clear();\n    retireHeld(*channel);\n    return {};\n"),
    ("lost-on-cancel", "a cancelled receive takes a message along", "lib/core/group/mailbox.cpp",
     "            ec = waiter.abortReason;\n",
     "            ec = waiter.abortReason;\n            takeShared();\n            if (!own_.empty()) own_.popFront();\n"),
    ("lost-unread", "what was read when the pool was empty is decoded from the wrong place",
     "lib/core/channel/receiver.hpp",
     "            unread_.shrinkTo(rest.size());", "            unread_.shrinkTo(rest.size() / 2);"),
    ("double-return", "what was sent comes back instead of what was not", "lib/wire/frame_row.hpp",
     "        return {block_.get() + whole_, end_ - whole_};", "        return {block_.get(), end_};"),
    ("double-send", "a frame that was written in part begins anew", "lib/core/channel/outbox.hpp",
     "        headWritten_ = written;\n        messages_ -= done.messages;",
     "        headWritten_ = 0;\n        messages_ -= done.messages;"),
    ("no-channel-closed", "an accepted channel ends without a word", "lib/machines/channel_machine.cpp",
     "first && isKnown && intent_ != Intent::Detach,", "first && side_ == Side::Client && intent_ != Intent::Detach,"),
    ("early-channel-closed", "ChannelClosed comes before what comes back", "lib/core/channel/io_channel.cpp",
     "        back.pushBack(std::move(notice_));", "        back.pushFront(std::move(notice_));"),
    ("reorder-small", "a small message overtakes a large one", "lib/core/channel/outbox.hpp",
     "        return queue_.empty() && message.body.size() < encodeLimit", "        return message.body.size() < encodeLimit"),
    ("reorder-inside", "what the engine's own executor posts overtakes what others posted", "lib/core/engine/posting.cpp",
     "    if (queue_.hasSubmissions()) [[unlikely]]\n        collect();\n    Channel* channel",
     "    Channel* channel"),
    ("reorder-returned", "what comes back does so in another order", "lib/core/channel/io_channel.cpp",
     "            back.pushBack(std::move(message));  // what it asks is done",
     "            back.pushFront(std::move(message));  // what it asks is done"),
    ("never-resumed", "a channel that waits for the pool waits for ever", "lib/core/engine/inbound_budget.cpp",
     "    pool_.watchForReturn();\n", ""),
    ("never-timed-out", "a receive whose deadline was moved never times out", "lib/core/group/group.cpp",
     "    if (next != TimePoint::max()) engine_->armReceive(*this, next);\n", ""),
    ("never-writable", "who waits for room is not told that the channel ended", "lib/core/channel/io_channel_write.cpp",
     "    if (writers_ != nullptr) writers_->close(reason);\n", "    static_cast<void>(reason);\n"),
    ("kept-message", "a dead channel keeps the message it was reading", "lib/core/channel/io_channel.cpp",
     "    receiver_.dropKept();\n    receiver_.giveUp();\n", "    receiver_.dropKept();\n"),
    ("stream-part-lost", "a write that is cancelled takes a part along", "lib/flows/stream/stream_sender.cpp",
     "    if (ec) co_await postInTime(peer, part_, TimePoint::max());\n",
     "    MessagePtr leaving = std::move(part_);\n    if (ec) co_await postInTime(peer, leaving, TimePoint::max());\n"),
    ("stream-hole", "a late reader does not take the parts that wait", "lib/flows/stream/stream_state.cpp",
     "message.header.channelNumber != channel || !isPart(message)) return false;",
     "message.header.channelNumber != channel || !isPart(message) || !message.hasMore()) return false;"),
    ("stream-whole", "a stream that was given up looks whole", "lib/flows/stream/stream_state.cpp",
     "    if (!isLastTaken_ || !part->textHeaders.find(streamAbortedHeader)) return part;\n", "    return part;\n"),
    ("stream-stuck", "the reader of a stream says nothing after its first word", "lib/flows/stream/stream_window.hpp",
     "        if (!isFirst && (taken_ < told_ || taken_ - told_ < due)) return std::nullopt;",
     "        if (!isFirst && due != 0) return std::nullopt;"),
    ("answer-to-another", "an answer goes to another request", "lib/flows/stream/exchange_table.hpp",
     "        while (exchange != nullptr && exchange->id_ != id)\n            exchange = exchange->next_;\n", ""),
    ("hasty-close", "a channel that answered a bye does not wait for its peer", "lib/machines/channel_machine.cpp",
     "    if (outbound_ == Outbound::Over) return AfterEnd::AwaitPeer;\n", ""),
    ("actors-reorder", "a message overtakes those that wait", "lib/actors/cell.cpp",
     "    mailbox_.push(envelope);\n    const std::uint32_t depth",
     "    Node* const first = mailbox_.pop();\n    mailbox_.push(envelope);\n"
     "    if (first != nullptr) mailbox_.push(*first);\n    const std::uint32_t depth"),
    ("actors-lost-at-end", "what waits when an actor ends is lost", "lib/actors/cell_life.cpp",
     "    while (Node* node = mailbox_.pop())\n        buryEnvelope(static_cast<Envelope&>(*node), *this, reason);\n",
     "    while (Node* node = mailbox_.pop())\n        disposeEnvelope(static_cast<Envelope&>(*node));\n"),
    ("actors-lost-refused", "a message without room is lost", "lib/actors/cell.cpp",
     "    buryEnvelope(*envelope.release(), *this, reason);\n    return reason;",
     "    if (reason == Errc::MailboxFull) envelope.reset();\n"
     "    else buryEnvelope(*envelope.release(), *this, reason);\n    return reason;"),
    ("actors-lost-failed", "the message that failed is no dead letter", "lib/actors/cell.cpp",
     "        buryEnvelope(envelope, *this, isBeingStopped ? Errc::Stopped : Errc::HandlerFailed, text);\n",
     "        disposeEnvelope(envelope);\n"),
    ("actors-two-outcomes", "a handled message is a dead letter too", "lib/actors/cell.cpp",
     "        bump(counters_.handled);\n        return disposeEnvelope(envelope);\n    }\n    try {",
     "        bump(counters_.handled);\n        if (mailbox_.isEmpty()) system_->bury(envelope, *this, Errc::Stopped);\n"
     "        return disposeEnvelope(envelope);\n    }\n    try {"),
    ("actors-asked-for-ever", "the timeout of a question that is answered late still stands", "lib/actors/ask.cpp",
     "    if (ask.home != nullptr && ask.home->isHere()) ask.home->unset(ask);\n", ""),
    ("actors-answered-twice", "an answer that comes after the timeout ends the question again", "lib/actors/ask.cpp",
     "    if (state_.compare_exchange_strong(state, State::Answered, std::memory_order_acq_rel)) return true;\n",
     "    static_cast<void>(state);\n    state_.store(State::Answered);\n    return true;\n"),
    ("actors-told-twice", "who watches twice is told twice", "lib/actors/context.cpp",
     "    if (std::find(known.begin(), known.end(), watched) != known.end()) return;\n", ""),
    ("actors-not-told", "the last watcher hears of no end", "lib/actors/cell_life.cpp",
     "    for (CellExtra::Watcher& watcher : std::exchange(extra_->watchers, {})) {\n",
     "    if (!extra_->watchers.empty()) extra_->watchers.pop_back();\n"
     "    for (CellExtra::Watcher& watcher : std::exchange(extra_->watchers, {})) {\n"),
    ("actors-never-over", "a supervisor loses count of the children that ended", "lib/actors/supervision.cpp",
     "        ++self.over_;\n", "        if (self.over_ + 1 < self.children_.size()) ++self.over_;\n"),
    ("actors-left-behind", "a stopped actor does not wait for its handler", "lib/actors/cell_life.cpp",
     "    if (life() != Life::Stopping || work == Work::Running || work == Work::Suspended) return;\n",
     "    if (life() != Life::Stopping || work == Work::Running) return;\n"),
]


def copySources(target):
    """The tree as it stands, committed or not; files that did not change keep their time."""
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        source, copy = ROOT / name, target / name
        if not source.is_file():
            continue
        if copy.is_file() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)


def run(command, **options):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)


def build(folder, jobs):
    outcome = run(["cmake", "--build", folder, "--target", "sim", "-j", jobs])
    if outcome.returncode != 0:
        raise SystemExit(f"it does not build:\n{outcome.stdout[-3000:]}")


def broken(source, search, replace):
    text = source.read_text()
    if text.count(search) != 1:
        raise SystemExit(f"{source}: stands there {text.count(search)} times: {search!r}")
    return text.replace(search, replace)


def huntDownActors(program, seeds):
    """The same, in actor systems."""
    environment = dict(os.environ, TEMPEH_SIM_SEEDS=str(seeds))
    try:
        outcome = run([program, "--gtest_filter=SimulatedActors.KeepTheir*"], timeout=600, env=environment)
    except subprocess.TimeoutExpired:
        return 1, "does not end"
    found = FAILED_SEED.search(outcome.stdout)
    if found:
        return int(found[1]), found[2]
    return (None, "lives") if outcome.returncode == 0 else (1, "crashes")


def huntDown(program, seeds, jobs):
    """(first seed that notices or None, what it says)"""
    # A bug may also crash the program, or keep it from ending.
    for first in range(1, seeds + 1, 100):
        try:
            outcome = run([program, "--seeds", min(100, seeds + 1 - first), "--first-seed", first, "--jobs", jobs],
                          timeout=300)
        except subprocess.TimeoutExpired:
            return first, "does not end (somewhere in the next 100 seeds)"
        found = [(int(seed), what) for seed, what in SEED.findall(outcome.stdout)]
        if found:
            return min(found)
        if outcome.returncode != 0:
            return first, "crashes (somewhere in the next 100 seeds)"
    return None, "lives"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="say what there is, and that it still stands in the sources")
    arguments = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not arguments.names or mutant[0] in arguments.names]
    if arguments.list:
        for name, what, source, search, replace in chosen:
            broken(ROOT / source, search, replace)
            print(f"{name:22} {what}")
        return 0
    source = arguments.build / "source"
    folder = source / "build" / "release"  # as deep as a preset's, for the compiler's cache
    copySources(source)
    configured = run(["cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                      "-DCMAKE_CXX_FLAGS=-D_GLIBCXX_ASSERTIONS", "-DTEMPEH_BUILD_SAMPLES=OFF",
                      "-DTEMPEH_BUILD_BENCHMARKS=OFF", "-DTEMPEH_BUILD_TOOLS=OFF", "-DTEMPEH_CHECK_HEADERS=OFF",
                      "-DTEMPEH_UNITY=ON", "-DTEMPEH_UNITY_TESTS=ON"])
    if configured.returncode != 0:
        raise SystemExit(configured.stdout)
    build(folder, arguments.jobs)
    program = folder / "tests" / "sim"
    for seed, said in [huntDown(program, arguments.seeds, arguments.jobs), huntDownActors(program, arguments.seeds)]:
        if seed is not None:
            raise SystemExit(f"without any bug of ours, seed {seed}: {said}")
    alive = 0
    for name, what, path, search, replace in chosen:
        original = (source / path).read_text()
        (source / path).write_text(broken(source / path, search, replace))
        try:
            build(folder, arguments.jobs)
            if path.startswith("lib/actors/"):
                seed, said = huntDownActors(program, arguments.seeds)
            else:
                seed, said = huntDown(program, arguments.seeds, arguments.jobs)
        finally:
            (source / path).write_text(original)
        alive += seed is None
        print(f"{name:22} {'lives through ' + str(arguments.seeds) if seed is None else 'seed ' + str(seed):>12}  {what}"
              f"{'' if seed is None else ': ' + said[:110]}", flush=True)
    print(f"{len(chosen) - alive} of {len(chosen)} bugs found within {arguments.seeds} seeds")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
