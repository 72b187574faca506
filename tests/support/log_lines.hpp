#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tempeh::test {

/// What an engine logs, to be looked at while it runs.
class LogLines {
public:
    /// For Options::logger.
    std::shared_ptr<spdlog::logger> logger() const { return logger_; }
    /// How many lines have this in them, of level warn and up.
    std::size_t warningsWith(std::string_view part) const { return sink_->count(part); }

private:
    class Sink final : public spdlog::sinks::base_sink<std::mutex> {
    public:
        std::size_t count(std::string_view part) {
            const std::scoped_lock lock(mutex_);
            return static_cast<std::size_t>(std::count_if(
                lines_.begin(), lines_.end(),
                [part](const std::string& line) { return line.find(part) != std::string::npos; }));
        }

    private:
        void sink_it_(const spdlog::details::log_msg& message) override {
            if (message.level < spdlog::level::warn) return;
            lines_.emplace_back(message.payload.data(), message.payload.size());
        }
        void flush_() override {}

        std::vector<std::string> lines_;  // under base_sink's mutex
    };

    std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
    std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>("test", sink_);
};

}  // namespace tempeh::test
