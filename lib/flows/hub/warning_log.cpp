#include "flows/hub/warning_log.hpp"

#include <optional>

namespace tempeh::flows::detail {

void WarningLog::write(Warning kind, std::string_view text) noexcept try {
    std::optional<std::uint64_t> unsaid;
    {
        const base::MutexLock lock(mutex_);
        unsaid = limiters_[static_cast<std::size_t>(kind)].pass(group_.now());
    }
    if (!unsaid) return;
    if (*unsaid == 0) return group_.logWarning(text);
    group_.logWarning(std::string(text) + " (" + std::to_string(*unsaid) + " more since the last warning)");
} catch (const std::bad_alloc&) {
    group_.logWarning(text);
}

void WarningLog::write(Warning kind, std::string_view what, const std::exception_ptr& failure) noexcept try {
    write(kind, std::string(what) + ": " + textOf(failure));
} catch (const std::bad_alloc&) {
    write(kind, what);
}

std::string textOf(const std::exception_ptr& failure) try {
    std::rethrow_exception(failure);
} catch (const std::exception& error) {
    return error.what();
} catch (...) {
    return "an exception that is not a std::exception";
}

}  // namespace tempeh::flows::detail
