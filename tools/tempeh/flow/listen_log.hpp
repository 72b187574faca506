#pragma once

#include <tempeh/message/message.hpp>

#include <cstdint>
#include <string>

namespace tool {

/// What `listen` prints. One thread.
class ListenLog {
public:
    struct Options {
        std::uint64_t bodyLimit = 1024;
        bool isQuiet = false;
        bool isJson = false;
    };

    explicit ListenLog(const Options& options) : options_(options) {}

    void listening(const std::string& address) const;
    void opened(const std::string& peer, const tempeh::Message* hello) const;
    void message(const std::string& peer, const tempeh::Message& message) const;
    /// A value in several parts has come to its end.
    void streamed(const std::string& peer, tempeh::MessageId id, std::uint64_t parts,
                  std::uint64_t bytes) const;
    void closed(const std::string& peer, const std::string& reason) const;

private:
    Options options_;
};

}  // namespace tool
