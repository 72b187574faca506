#include "base/entropy.hpp"
#include "base/random.hpp"
#include "base/run_sources.hpp"

#include <tempeh/flows/trace_context.hpp>

#include <algorithm>

namespace tempeh::flows {

namespace {

// `VV-TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT-PPPPPPPPPPPPPPPP-FF`, lower-case hex.
constexpr std::size_t traceAt = 3;
constexpr std::size_t traceSize = 32;
constexpr std::size_t parentAt = 36;
constexpr std::size_t parentSize = 16;
constexpr std::size_t flagsAt = 53;
constexpr std::size_t fullSize = 55;

bool isHex(std::string_view text) noexcept {
    return std::ranges::all_of(
        text, [](char digit) { return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'); });
}

bool isZero(std::string_view text) noexcept {
    return text.find_first_not_of('0') == std::string_view::npos;
}

bool isValid(std::string_view text) noexcept {
    if (text.size() < fullSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
    const std::string_view version = text.substr(0, 2);
    if (!isHex(version) || version == "ff") return false;
    // Later versions may add fields behind a dash.
    if (text.size() > fullSize && (version == "00" || text[fullSize] != '-')) return false;
    const std::string_view trace = text.substr(traceAt, traceSize);
    const std::string_view parent = text.substr(parentAt, parentSize);
    return isHex(trace) && !isZero(trace) && isHex(parent) && !isZero(parent) &&
           isHex(text.substr(flagsAt, 2));
}

base::Random& randomOfThisThread() {
    if (base::RunSources* const own = base::RunSources::ofThisThread()) return own->random;
    thread_local base::Random random(base::entropySeed());
    return random;
}

std::string randomHex(std::size_t digits) {
    base::Random& random = randomOfThisThread();
    std::string text;
    do {
        text.clear();
        while (text.size() < digits)
            text += "0123456789abcdef"[random.below(16)];
    } while (isZero(text));
    return text;
}

}  // namespace

TraceContext::TraceContext(std::string traceparent, std::string tracestate)
    : traceparent_(std::move(traceparent)), tracestate_(std::move(tracestate)) {}

std::optional<TraceContext> TraceContext::of(const Message& message) {
    const auto parent = message.textHeaders.find(traceparentHeader);
    if (!parent) return std::nullopt;
    return parse(*parent, message.textHeaders.find(tracestateHeader).value_or(""));
}

std::optional<TraceContext> TraceContext::parse(std::string_view traceparent, std::string_view tracestate) {
    if (!isValid(traceparent)) return std::nullopt;
    // Fields that a later version added are not passed on. Its first fields mean the same in version 00.
    std::string known = "00" + std::string(traceparent.substr(2, fullSize - 2));
    return TraceContext(std::move(known), std::string(tracestate));
}

TraceContext TraceContext::begin(bool isSampled) {
    return {"00-" + randomHex(traceSize) + "-" + randomHex(parentSize) + (isSampled ? "-01" : "-00"), {}};
}

TraceContext TraceContext::child() const {
    return {traceparent_.substr(0, parentAt) + randomHex(parentSize) + traceparent_.substr(flagsAt - 1),
            tracestate_};
}

void TraceContext::addTo(Message& message) const {
    if (message.textHeaders.find(traceparentHeader)) return;
    message.textHeaders.append(traceparentHeader, traceparent_);
    if (!tracestate_.empty()) message.textHeaders.append(tracestateHeader, tracestate_);
}

bool TraceContext::isSampled() const noexcept {
    const char last = traceparent_[flagsAt + 1];
    const int digit = last <= '9' ? last - '0' : last - 'a' + 10;
    return (digit & 1) != 0;
}

}  // namespace tempeh::flows
