#include "flow/listen_log.hpp"

#include "cli/output.hpp"
#include "text/address.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <fmt/format.h>

namespace tool {

namespace {

Json event(const char* name) {
    Json json;
    json.set("event", name);
    return json;
}

}  // namespace

void ListenLog::listening(const std::string& address) const {
    if (options_.isJson) return printLine(event("listening").set("address", address).line());
    printLine(paint(Paint::Good, "listening") + " " + printableLine(pasteable(address)));
}

void ListenLog::opened(const std::string& peer, const tempeh::Message* hello) const {
    if (options_.isQuiet) return;
    if (options_.isJson) {
        Json json = event("opened");
        json.set("peer", peer);
        Json said;
        if (hello != nullptr) {
            describe(*hello, said);
            json.set("hello", said);
        }
        return printLine(json.line());
    }
    std::string text = fmt::format("{} {}\n", paint(Paint::Good, "+"), printableLine(peer));
    if (hello != nullptr) text += detailsOf(*hello, options_.bodyLimit);
    print(text);
}

void ListenLog::message(const std::string& peer, const tempeh::Message& message) const {
    if (options_.isQuiet) return;
    if (options_.isJson) {
        Json json = event("message");
        json.set("peer", peer);
        describe(message, json);
        return printLine(json.line());
    }
    print(fmt::format("{} {}\n{}", printableLine(peer), summaryOf(message),
                      detailsOf(message, options_.bodyLimit)));
}

void ListenLog::streamed(const std::string& peer, tempeh::MessageId id, std::uint64_t parts,
                         std::uint64_t bytes) const {
    if (options_.isQuiet) return;
    if (options_.isJson) {
        Json json = event("streamed");
        json.set("peer", peer).set("id", id).set("parts", parts).set("size", bytes);
        return printLine(json.line());
    }
    printLine(fmt::format("{} end of id {}: {} bytes in {} parts", printableLine(peer), id, bytes, parts));
}

void ListenLog::closed(const std::string& peer, const std::string& reason) const {
    if (options_.isQuiet) return;
    if (options_.isJson) return printLine(event("closed").set("peer", peer).set("reason", reason).line());
    printLine(fmt::format("{} {}: {}", paint(Paint::Bad, "-"), printableLine(peer), printableLine(reason)));
}

}  // namespace tool
