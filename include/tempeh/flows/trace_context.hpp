#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace tempeh::flows {

/// Names of the text headers.
inline constexpr std::string_view traceparentHeader = "traceparent";
inline constexpr std::string_view tracestateHeader = "tracestate";

/// The distributed trace that a message belongs to, as in the W3C recommendation "Trace Context". It travels
/// in the text headers `traceparent` and `tracestate`, and passes from a request to what is sent while
/// handling it (see Peer::traced()). A plain value.
class TEMPEH_EXPORT TraceContext {
public:
    /// The context of a message; none if it has no valid `traceparent`.
    static std::optional<TraceContext> of(const Message& message);
    /// The context in header values; none if `traceparent` is not valid.
    static std::optional<TraceContext> parse(std::string_view traceparent, std::string_view tracestate = {});
    /// Begins a new trace.
    static TraceContext begin(bool isSampled = true);

    /// The same trace one step further, with a new parent id, for what is sent under this one.
    TraceContext child() const;

    /// Writes both headers, unless the message already has a `traceparent`. Throws std::bad_alloc.
    void addTo(Message& message) const;

    /// The header values, and the fields of the first. Views into this object.
    std::string_view traceparent() const noexcept { return traceparent_; }
    std::string_view tracestate() const noexcept { return tracestate_; }
    std::string_view traceId() const noexcept { return traceparent().substr(3, 32); }
    std::string_view parentId() const noexcept { return traceparent().substr(36, 16); }
    /// Whether the originator of the trace records it.
    bool isSampled() const noexcept;

    friend bool operator==(const TraceContext&, const TraceContext&) = default;

private:
    TraceContext(std::string traceparent, std::string tracestate);

    std::string traceparent_;
    std::string tracestate_;
};

}  // namespace tempeh::flows
