#include "base/escape.hpp"

#include <tempeh/actors/stats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tempeh::actors {

namespace {

using Text = fmt::memory_buffer;

double microseconds(Duration length) noexcept {
    return std::chrono::duration<double, std::micro>(length).count();
}

/// For a table: "3.2 us", "15 ms".
std::string readable(Duration length) {
    const double value = microseconds(length);
    if (value < 1000) return fmt::format("{:.3g} us", value);
    if (value < 1e6) return fmt::format("{:.3g} ms", value / 1e3);
    return fmt::format("{:.3g} s", value / 1e6);
}

void writeQuoted(Text& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\')
            fmt::format_to(std::back_inserter(out), "\\{}", c);
        else if (static_cast<unsigned char>(c) < 0x20)
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        else
            out.push_back(c);
    }
    out.push_back('"');
}

void writeMember(Text& out, std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "\"{}\":", name);
    writeQuoted(out, value);
    out.push_back(',');
}

void writeHistogram(Text& out, std::string_view name, const Histogram& histogram) {
    fmt::format_to(std::back_inserter(out),
                   "\"{}\":{{\"count\":{},\"p50\":{:.3f},\"p99\":{:.3f},\"p999\":{:.3f}}}", name,
                   histogram.count(), microseconds(histogram.percentile(0.5)),
                   microseconds(histogram.percentile(0.99)), microseconds(histogram.percentile(0.999)));
}

void writeStats(Text& out, const ActorStats& stats) {
    out.push_back('{');
    if (!stats.name.empty()) writeMember(out, "name", stats.name);
    writeMember(out, "type", stats.type);
    fmt::format_to(std::back_inserter(out),
                   "\"alive\":{},\"handled\":{},\"failed\":{},\"refused\":{},\"restarts\":{},\"depth\":{},"
                   "\"highWater\":{},",
                   stats.alive, stats.handled, stats.failed, stats.refused, stats.restarts, stats.depth,
                   stats.highWater);
    writeHistogram(out, "inHandlers", stats.inHandlers);
    out.push_back(',');
    writeHistogram(out, "waited", stats.waited);
    out.push_back('}');
}

/// Writes a list with `write` for each of its items.
template <typename Items, typename Write>
void writeList(Text& out, const Items& items, Write write) {
    out.push_back('[');
    bool isFirst = true;
    for (const auto& item : items) {
        if (!isFirst) out.push_back(',');
        isFirst = false;
        write(out, item);
    }
    out.push_back(']');
}

void writeView(Text& out, const ActorView& view) {
    out.push_back('{');
    writeMember(out, "name", view.name);
    writeMember(out, "type", view.type);
    writeMember(out, "state", view.state);
    writeMember(out, "doing", view.doing);
    if (!view.description.empty()) writeMember(out, "description", view.description);
    fmt::format_to(std::back_inserter(out), "\"depth\":{},\"restarts\":{},\"children\":", view.depth,
                   view.restarts);
    writeList(out, view.children, writeView);
    out.push_back('}');
}

void writeRow(Text& out, std::size_t width, const ActorStats& stats) {
    const std::string& name = stats.name.empty() ? stats.type : stats.name;
    fmt::format_to(std::back_inserter(out),
                   "{:{}}  {:>6}  {:>10}  {:>6}  {:>7}  {:>8}  {:>6}  {:>6}  {:>8}  {:>8}\n", name, width,
                   stats.alive, stats.handled, stats.failed, stats.refused, stats.restarts, stats.depth,
                   stats.highWater, readable(stats.inHandlers.percentile(0.99)),
                   readable(stats.waited.percentile(0.99)));
}

void writeLines(Text& out, const std::vector<ActorView>& actors, std::size_t depth) {
    for (const ActorView& view : actors) {
        fmt::format_to(std::back_inserter(out), "{:{}}{}", "", 2 * depth, view.name);
        if (!view.type.empty() && !view.name.starts_with(view.type + "#"))
            fmt::format_to(std::back_inserter(out), " ({})", view.type);
        if (view.state != "Alive") fmt::format_to(std::back_inserter(out), ", {}", view.state);
        if (view.doing != "nothing") fmt::format_to(std::back_inserter(out), ", {}", view.doing);
        if (view.depth != 0) fmt::format_to(std::back_inserter(out), ", {} waiting", view.depth);
        if (view.restarts != 0) fmt::format_to(std::back_inserter(out), ", {} restarts", view.restarts);
        if (!view.description.empty())
            fmt::format_to(std::back_inserter(out), ": {}", base::escaped(view.description));
        out.push_back('\n');
        writeLines(out, view.children, depth + 1);
    }
}

}  // namespace

Histogram& Histogram::operator+=(const Histogram& other) noexcept {
    for (std::size_t bucket = 0; bucket < buckets; ++bucket)
        counts_[bucket] += other.counts_[bucket];
    count_ += other.count_;
    return *this;
}

Duration Histogram::percentile(double part) const noexcept {
    if (count_ == 0) return Duration::zero();
    const double wanted = std::clamp(part, 0.0, 1.0) * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        seen += counts_[bucket];
        if (counts_[bucket] != 0 && static_cast<double>(seen) >= wanted) return limitOf(bucket);
    }
    return limitOf(buckets - 1);
}

std::string toText(const SystemStats& stats) {
    std::size_t width = 5;
    for (const auto* list : {&stats.types, &stats.actors})
        for (const ActorStats& each : *list)
            width = std::max(width, (each.name.empty() ? each.type : each.name).size());
    Text out;
    fmt::format_to(std::back_inserter(out), "{} alive, {} dead letters\n", stats.alive, stats.deadLetters);
    fmt::format_to(std::back_inserter(out),
                   "{:{}}  {:>6}  {:>10}  {:>6}  {:>7}  {:>8}  {:>6}  {:>6}  {:>8}  {:>8}\n", "actor", width,
                   "alive", "handled", "failed", "refused", "restarts", "waits", "most", "p99 busy",
                   "p99 wait");
    for (const auto* list : {&stats.types, &stats.actors})
        for (const ActorStats& each : *list)
            writeRow(out, width, each);
    return fmt::to_string(out);
}

std::string toJson(const SystemStats& stats) {
    Text out;
    fmt::format_to(std::back_inserter(out), "{{\"alive\":{},\"deadLetters\":{},\"types\":", stats.alive,
                   stats.deadLetters);
    writeList(out, stats.types, writeStats);
    fmt::format_to(std::back_inserter(out), ",\"actors\":");
    writeList(out, stats.actors, writeStats);
    out.push_back('}');
    return fmt::to_string(out);
}

std::string toText(const std::vector<ActorView>& actors) {
    Text out;
    writeLines(out, actors, 0);
    return fmt::to_string(out);
}

std::string toJson(const std::vector<ActorView>& actors) {
    Text out;
    writeList(out, actors, writeView);
    return fmt::to_string(out);
}

}  // namespace tempeh::actors
