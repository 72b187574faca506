#include "cli/exit_code.hpp"
#include "cli/output.hpp"
#include "cli/output_writer.hpp"
#include "commands/commands.hpp"
#include "decode/capture_decoder.hpp"
#include "decode/frame_printer.hpp"
#include "decode/hex_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

namespace {

struct DecodeOptions {
    std::optional<std::string> file;
    std::string hex;
    std::string format = "auto";
    std::uint64_t port = 0;
    FramePrinter::Options print;
};

std::string contentOf(const DecodeOptions& options) {
    if (!options.file || *options.file == "-")
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    errno = 0;
    std::ifstream file(*options.file, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(file), {});
    if (!file || errno == EISDIR)
        throw Failure(exitUsage, "cannot read " + *options.file + ": " + std::strerror(errno));
    return content;
}

std::string formatOf(const std::string& content) {
    if (isCapture(content)) return "pcap";
    return looksLikeHex(content) ? "hex" : "raw";
}

bool decodeStream(const std::string& bytes, FramePrinter& printer) {
    FrameParser parser;
    constexpr std::size_t atOnce = 65'536;
    for (std::string_view rest = bytes; !rest.empty();) {
        parser.feed(rest.substr(0, atOnce));
        rest.remove_prefix(std::min(atOnce, rest.size()));
        if (!printer.drain(parser, {})) return false;
        OutputWriter::instance().waitForRoom();
    }
    if (parser.finish()) return true;
    printer.problem(parser.problem(), parser.problemOffset(), {});
    return false;
}

bool decodeCapture(const std::string& bytes, FramePrinter& printer, const DecodeOptions& options) {
    std::optional<std::uint16_t> port;
    if (options.port != 0) port = static_cast<std::uint16_t>(options.port);
    CaptureDecoder decoder(printer, port);
    readCapture(bytes, [&](const Packet& packet) {
        decoder.take(packet);
        OutputWriter::instance().waitForRoom();
    });
    const bool isSound = decoder.finish();
    const std::uint64_t others = decoder.otherConnections();
    if (others != 0 && !options.print.isJson)
        note(fmt::format("{} other connections in the capture", others));
    return isSound;
}

int decode(const DecodeOptions& options) {
    if (options.port > 65'535) throw Failure(exitUsage, "--port: at most 65535");
    FramePrinter printer(options.print);
    bool isSound = true;
    if (!options.hex.empty()) {
        isSound = decodeStream(bytesOfHex(options.hex), printer);
    } else {
        const std::string content = contentOf(options);
        const std::string format = options.format == "auto" ? formatOf(content) : options.format;
        if (format == "pcap")
            isSound = decodeCapture(content, printer, options);
        else
            isSound = decodeStream(format == "hex" ? bytesOfHex(content) : content, printer);
    }
    if (isSound && printer.frames() == 0) throw Failure(exitMalformed, "no frame in the input");
    return isSound ? exitOk : exitMalformed;
}

}  // namespace

void addDecode(CommandLine& line) {
    const auto options = std::make_shared<DecodeOptions>();
    Command command = line.add("decode", "Show the frames in hex text, raw bytes or a pcap file",
                               [options] { return decode(*options); });
    command.argument("FILE", options->file, "What to read; without it or -: standard input")
        .option("-x,--hex", options->hex, "HEX", "Bytes of one direction, as hex text")
        .option("-f,--format", options->format, "Format of FILE", {"auto", "hex", "raw", "pcap"})
        .option("-p,--port", options->port, "PORT",
                "pcap: only this port; 0: every connection that begins with a hello")
        .option("--body", options->print.bodyLimit, "BYTES", "How much of a body to print")
        .flag("--json", options->print.isJson, "JSON lines")
        .examples(
            "  tempeh decode --hex 00010000000000000000000100000000\n"
            "  tempeh decode session.pcap --json\n"
            "  tcpdump -i lo -w - -U port 7099 > session.pcap; tempeh decode session.pcap\n"
            "@N is the offset in the stream of its direction. Malformed input gives exit code 4 and\n"
            "the offset of the error.");
}

}  // namespace tool
