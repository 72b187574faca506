#include "decode/capture.hpp"

#include "cli/exit_code.hpp"
#include "decode/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tool {

namespace {

using Take = std::function<void(const Packet&)>;

constexpr std::uint32_t pcapMicro = 0xa1b2c3d4;
constexpr std::uint32_t pcapNano = 0xa1b23c4d;
constexpr std::int64_t nanosecondsPerSecond = 1'000'000'000;
constexpr std::uint32_t sectionBlock = 0x0a0d0d0a;
constexpr std::uint32_t byteOrderMagic = 0x1a2b3c4d;

[[noreturn]] void fail(std::size_t offset, const std::string& what) {
    throw Failure(exitMalformed, fmt::format("capture file, offset {}: {}", offset, what));
}

/// pcap: a header of 24 bytes, then records with a head of 16.
void readPcap(std::string_view file, bool isLittle, bool isNano, const Take& take) {
    const Bytes bytes(file, isLittle);
    if (!bytes.has(0, 24)) fail(0, "the file header is cut off");
    const std::uint32_t linkType = bytes.u32(20) & 0x0fffffff;
    const std::int64_t fraction = isNano ? 1 : 1000;
    std::size_t offset = 24;
    while (offset < file.size()) {
        if (!bytes.has(offset, 16)) fail(offset, "the packet's head is cut off");
        const std::uint32_t size = bytes.u32(offset + 8);
        if (!bytes.has(offset + 16, size))
            fail(offset, fmt::format("a packet of {} bytes, {} are left", size, file.size() - offset - 16));
        take({.time = bytes.u32(offset) * nanosecondsPerSecond + bytes.u32(offset + 4) * fraction,
              .linkType = linkType,
              .bytes = bytes.part(offset + 16, size)});
        offset += 16 + std::size_t{size};
    }
}

/// pcapng: blocks of type, length, content, length. Packets, their interfaces, and the sections' byte order
/// count.
class PcapNg {
public:
    PcapNg(std::string_view file, const Take& take) : file_(file), take_(take) {}

    void read() {
        std::size_t offset = 0;
        while (offset < file_.size())
            offset += block(offset);
    }

private:
    struct Interface {
        std::uint32_t linkType;
        double tick;  // nanoseconds
    };

    std::size_t block(std::size_t offset) {
        if (file_.size() - offset < 12) fail(offset, "the block's head is cut off");
        if (Bytes(file_).u32(offset) == sectionBlock) beginSection(offset);
        const Bytes bytes(file_, isLittle_);
        const std::uint32_t size = bytes.u32(offset + 4);
        if (size < 12 || size % 4 != 0 || !bytes.has(offset, size))
            fail(offset, fmt::format("a block of {} bytes, {} are left", size, file_.size() - offset));
        const Bytes content(bytes.part(offset + 8, size - 12), isLittle_);
        switch (bytes.u32(offset)) {
            case 1:
                interfaces_.push_back({content.u16(0), tickOf(content)});
                break;
            case 3:
                simplePacket(content, offset);
                break;
            case 6:
                enhancedPacket(content, offset);
                break;
            default:
                break;
        }
        return size;
    }

    void beginSection(std::size_t offset) {
        isLittle_ = Bytes(file_, true).u32(offset + 8) == byteOrderMagic;
        if (!isLittle_ && Bytes(file_).u32(offset + 8) != byteOrderMagic)
            fail(offset + 8, "no byte order mark");
        interfaces_.clear();
    }

    /// Option 9, if_tsresol: a negative power of 10, or of 2 with the top bit set. Microseconds without it.
    double tickOf(const Bytes& content) const {
        std::size_t offset = 8;
        while (content.has(offset, 4)) {
            const std::uint16_t code = content.u16(offset);
            const std::uint16_t size = content.u16(offset + 2);
            if (code == 0) break;
            if (code == 9 && size >= 1) {
                const std::uint8_t value = content.u8(offset + 4);
                return std::pow((value & 0x80) != 0 ? 2.0 : 10.0, -(value & 0x7f)) * 1e9;
            }
            offset += 4 + (std::size_t{size} + 3) / 4 * 4;
        }
        return 1e3;
    }

    /// Whole for the usual resolutions, as far as a double goes for the others; ticks come from the file.
    static std::int64_t inNanoseconds(std::uint64_t ticks, double tick) {
        constexpr std::uint64_t most = std::uint64_t{1} << 62;
        if (tick >= 1 && tick <= 1e9 && tick == std::floor(tick)) {
            const auto whole = static_cast<std::uint64_t>(tick);
            return ticks < most / whole ? static_cast<std::int64_t>(ticks * whole) : 0;
        }
        const double time = static_cast<double>(ticks) * tick;
        return time < static_cast<double>(most) ? static_cast<std::int64_t>(time) : 0;
    }

    const Interface& interfaceAt(std::size_t index, std::size_t offset) const {
        if (index >= interfaces_.size())
            fail(offset, fmt::format("a packet of the unknown interface {}", index));
        return interfaces_[index];
    }

    void enhancedPacket(const Bytes& content, std::size_t offset) {
        const Interface& from = interfaceAt(content.u32(0), offset);
        const std::uint32_t size = content.u32(12);
        if (!content.has(20, size))
            fail(offset, fmt::format("a packet of {} bytes in a smaller block", size));
        const std::uint64_t ticks = std::uint64_t{content.u32(4)} << 32 | content.u32(8);
        take_({.time = inNanoseconds(ticks, from.tick),
               .linkType = from.linkType,
               .bytes = content.part(20, size)});
    }

    void simplePacket(const Bytes& content, std::size_t offset) {
        const Interface& from = interfaceAt(0, offset);
        const std::size_t original = content.u32(0);
        const std::size_t size = std::min(original, content.size() - 4);
        take_({.time = 0, .linkType = from.linkType, .bytes = content.part(4, size)});
    }

    std::string_view file_;
    const Take& take_;
    bool isLittle_ = true;
    std::vector<Interface> interfaces_;
};

bool isPcap(std::uint32_t magic) noexcept {
    return magic == pcapMicro || magic == pcapNano;
}

}  // namespace

bool isCapture(std::string_view file) noexcept {
    const std::uint32_t big = Bytes(file).u32(0);
    return isPcap(big) || isPcap(Bytes(file, true).u32(0)) || big == sectionBlock;
}

void readCapture(std::string_view file, const Take& take) {
    if (Bytes(file).u32(0) == sectionBlock) return PcapNg(file, take).read();
    const bool isLittle = isPcap(Bytes(file, true).u32(0));
    const std::uint32_t magic = Bytes(file, isLittle).u32(0);
    if (!isPcap(magic)) fail(0, "neither pcap nor pcapng");
    readPcap(file, isLittle, magic == pcapNano, take);
}

}  // namespace tool
