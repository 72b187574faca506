#include "transport/fd/handed_over.hpp"

#include "transport/process_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace tempeh::transport {

namespace {

class HandOverCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "tempeh.hand_over"; }
    std::string message(int value) const override {
        switch (static_cast<HandOver>(value)) {
            case HandOver::NotOpen:
                return "no such descriptor is open in this process (or it was taken over before)";
            case HandOver::NotASocket:
                return "the descriptor is not a socket";
            case HandOver::NotAStream:
                return "the descriptor is a socket, but not a stream socket (TCP or Unix)";
            case HandOver::NotListening:
                return "the descriptor is a stream socket that does not listen";
            case HandOver::NotConnected:
                return "the descriptor is a stream socket that is not connected";
            case HandOver::Listening:
                return "the descriptor is a listening socket, not a connected one";
            case HandOver::UnknownFamily:
                return "the descriptor is a stream socket, but neither TCP nor Unix";
            case HandOver::NotActivated:
                return "no descriptors were handed over by name: LISTEN_FDS or LISTEN_FDNAMES is not set";
            case HandOver::OtherProcess:
                return "the descriptors were handed over to another process (LISTEN_PID)";
            case HandOver::NoSuchName:
                return "no descriptor of that name was handed over (LISTEN_FDNAMES)";
        }
        return "unknown";
    }
};

template <typename Number>
bool parse(std::string_view text, Number& number) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

std::string_view environment(const char* name) noexcept {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): as sd_listen_fds() does
    return value != nullptr ? value : "";
}

/// The place of `name` in a list with colons between; its size if it is not there.
std::size_t placeIn(std::string_view list, std::string_view name) noexcept {
    std::size_t index = 0;
    for (;; ++index) {
        const std::size_t colon = std::min(list.find(':'), list.size());
        if (list.substr(0, colon) == name) return index;
        if (colon == list.size()) return index + 1;
        list.remove_prefix(colon + 1);
    }
}

}  // namespace

error_code make_error_code(HandOver fault) noexcept {
    static const HandOverCategory category;
    return {static_cast<int>(fault), category};
}

Descriptor descriptorOf(std::string_view place, error_code& ec) {
    constexpr int firstHandedOver = 3;  // SD_LISTEN_FDS_START
    ec.clear();
    int number = 0;
    if (parse(place, number)) {
        if (number < 0) ec = make_error_code(HandOver::NotOpen);
        return static_cast<Descriptor>(number);
    }
    std::size_t count = 0;
    long process = 0;
    const std::string_view names = environment("LISTEN_FDNAMES");
    if (!parse(environment("LISTEN_FDS"), count) || names.empty())
        ec = make_error_code(HandOver::NotActivated);
    else if (!parse(environment("LISTEN_PID"), process) || process != processId())
        ec = make_error_code(HandOver::OtherProcess);
    const std::size_t index = ec ? 0 : placeIn(names, place);
    if (!ec && index >= count) ec = make_error_code(HandOver::NoSuchName);
    return static_cast<Descriptor>(firstHandedOver + static_cast<int>(index));
}

}  // namespace tempeh::transport
