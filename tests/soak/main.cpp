#include "soak/soak.hpp"

#include <charconv>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <span>
#include <stdexcept>
#include <string_view>
#include <unistd.h>

namespace tempeh::soak {

bool isToldToStop(Duration patience) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    if (::poll(&input, 1, static_cast<int>(milliseconds)) <= 0) return false;
    char ignored[64];
    return ::read(STDIN_FILENO, ignored, sizeof ignored) == 0;
}

namespace {

template <typename Number>
void parse(std::string_view text, Number& number) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument("not a number: " + std::string(text));
}

Arguments parse(std::span<char*> words) {
    Arguments result{.role = words.size() > 1 ? words[1] : ""};
    for (std::size_t i = 2; i + 1 < words.size(); i += 2) {
        const std::string_view name = words[i];
        const std::string_view value = words[i + 1];
        if (name == "--port")
            parse(value, result.port);
        else if (name == "--path")
            result.path = value;
        else if (name == "--seed")
            parse(value, result.seed);
        else
            throw std::invalid_argument("unknown option " + std::string(name));
    }
    return result;
}

int run(const Arguments& arguments) {
    if (arguments.role == "server") return runServer(arguments);
    if (arguments.role == "clients") return runClients(arguments);
    if (arguments.role == "probe") return runProbe(arguments);
    throw std::invalid_argument("soak server|clients|probe [--port N] [--path PATH] [--seed N]");
}

}  // namespace
}  // namespace tempeh::soak

int main(int count, char** words) {
    try {
        return tempeh::soak::run(tempeh::soak::parse(std::span(words, static_cast<std::size_t>(count))));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "soak: %s\n", failure.what());
        return 1;
    }
}
