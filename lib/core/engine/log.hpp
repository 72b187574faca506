#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace tempeh::core {

/// The engine's interface to spdlog, which no other source includes. Any thread.
class Log {
public:
    /// Null: standard error from level warn up.
    explicit Log(std::shared_ptr<spdlog::logger> logger);

    /// Whether debug() would write. Check it before building a text.
    bool wantsDebug() const noexcept;
    void debug(std::string_view text) const noexcept;
    void info(std::string_view text) const noexcept;
    void warn(std::string_view text) const noexcept;
    void error(std::string_view text) const noexcept;
    /// Writes one text followed by the other.
    void error(std::string_view text, std::string_view rest) const noexcept;

private:
    std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace tempeh::core
