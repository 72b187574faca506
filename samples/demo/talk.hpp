#pragma once

#include "latency.hpp"

#include <tempeh/tempeh.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// What the demo's server and clients agree on. The job: a client sends text, the server answers with the
/// same text in capitals, in order, with the id of the request.
namespace demo {

// Text headers of a HelloRequest: who is calling.
inline constexpr std::string_view nameHeader = "name";
inline constexpr std::string_view styleHeader = "style";

// Of a ByeResponse: how many requests the server answered.
inline constexpr std::string_view answeredHeader = "answered";

// Of the server's Signals, which nobody asked for: 1, 2, 3 ...
inline constexpr std::string_view newsHeader = "news";

/// Turns the text into capitals where it is: the message that asked becomes the answer, nothing is copied.
void capitalise(tempeh::Body& body) noexcept;

/// What a client tells now and then in a Signal, and for the last time in its ByeRequest.
struct Report {
    std::uint64_t checked = 0;  ///< Answers that were right.
    double p50 = 0;             ///< Round trips, microseconds.
    double p99 = 0;
    Latency::Bar bar{};

    void write(tempeh::Message& message) const;
    /// Throws std::runtime_error for what write() did not write.
    static Report read(const tempeh::Message& message);
};

/// The lines a client sends, any number of them, all of one length, and what the server makes of them.
class Lines {
public:
    explicit Lines(std::size_t length);

    std::string_view asked(std::uint64_t number) const noexcept { return part(small_, number); }
    std::string_view answered(std::uint64_t number) const noexcept { return part(capital_, number); }

private:
    std::string_view part(const std::string& text, std::uint64_t number) const noexcept;

    std::size_t length_;
    std::string small_;
    std::string capital_;
};

}  // namespace demo
