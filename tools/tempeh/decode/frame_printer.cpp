#include "decode/frame_printer.hpp"

#include "cli/output.hpp"
#include "text/json.hpp"
#include "text/message_text.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace tool {

namespace {

void addPlace(const FramePrinter::Place& place, Json& json) {
    if (place.time) json.set("time", *place.time);
    if (!place.from.empty()) json.set("from", place.from).set("to", place.to);
}

std::string placeText(const FramePrinter::Place& place) {
    std::string text;
    if (place.time) text += fmt::format("{:.6f} ", *place.time);
    if (!place.from.empty()) text += fmt::format("{} > {} ", place.from, place.to);
    return text;
}

}  // namespace

void FramePrinter::frame(const tempeh::Message& frame, std::uint64_t offset, const Place& place) {
    ++frames_;
    if (options_.isJson) {
        Json json;
        addPlace(place, json);
        json.set("offset", offset).set("channel", frame.header.channelNumber);
        describe(frame, json);
        return printLine(json.line());
    }
    const std::string head = paint(Paint::Faint, fmt::format("{}@{}", placeText(place), offset));
    const char* const engine = frame.isFromEngine() ? " (engine bit set)" : "";
    print(fmt::format("{} channel {} {}{}\n{}", head, frame.header.channelNumber, summaryOf(frame), engine,
                      detailsOf(frame, options_.bodyLimit)));
}

void FramePrinter::problem(const std::string& text, std::uint64_t offset, const Place& place) {
    if (options_.isJson) {
        Json json;
        addPlace(place, json);
        return printLine(json.set("offset", offset).set("error", text).line());
    }
    note(paint(Paint::Bad, "malformed: ", STDERR_FILENO) +
         fmt::format("{}offset {}: {}", placeText(place), offset, text));
}

bool FramePrinter::drain(FrameParser& parser, const Place& place) {
    if (!parser.problem().empty()) return false;
    tempeh::Message message;
    for (;;) {
        switch (parser.next(message)) {
            case FrameParser::Step::Frame:
                frame(message, parser.frameOffset(), place);
                break;
            case FrameParser::Step::NeedInput:
                return true;
            case FrameParser::Step::Malformed:
                problem(parser.problem(), parser.problemOffset(), place);
                return false;
        }
    }
}

}  // namespace tool
