#include "core/engine/log.hpp"

#include "base/escape.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace tempeh::core {

namespace {

/// Not in spdlog's registry: those names belong to the application.
std::shared_ptr<spdlog::logger> makeDefaultLogger() {
    auto logger =
        std::make_shared<spdlog::logger>("tempeh", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::warn);
    return logger;
}

/// Always writes a single line: parts of a text often come from a peer, which must not add lines of its own.
void write(spdlog::logger& logger, spdlog::level::level_enum level, std::string_view text) noexcept {
    try {
        const std::string safe = base::hasControl(text) ? base::escaped(text) : std::string();
        if (!safe.empty()) text = safe;
        logger.log(level, spdlog::string_view_t(text.data(), text.size()));
    } catch (...) {
        // A throwing sink of the application must not stop the engine.
    }
}

}  // namespace

Log::Log(std::shared_ptr<spdlog::logger> logger)
    : logger_(logger != nullptr ? std::move(logger) : makeDefaultLogger()) {}

bool Log::wantsDebug() const noexcept {
    return logger_->should_log(spdlog::level::debug);
}
void Log::debug(std::string_view text) const noexcept {
    write(*logger_, spdlog::level::debug, text);
}
void Log::info(std::string_view text) const noexcept {
    write(*logger_, spdlog::level::info, text);
}
void Log::warn(std::string_view text) const noexcept {
    write(*logger_, spdlog::level::warn, text);
}
void Log::error(std::string_view text) const noexcept {
    write(*logger_, spdlog::level::err, text);
}
void Log::error(std::string_view text, std::string_view rest) const noexcept {
    try {
        error(std::string(text).append(rest));
    } catch (const std::bad_alloc&) {
        error(text);
    }
}

}  // namespace tempeh::core
