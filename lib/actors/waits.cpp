#include "actors/cell.hpp"
#include "actors/cell_extra.hpp"
#include "actors/system_core.hpp"

#include <optional>
#include <utility>
#include <vector>

/// Which actor's handler waits for which other actor's answer, and the circles in that.
namespace tempeh::actors::detail {

namespace {

/// Locks where another worker's actors may be involved.
class WaitsLock {
public:
    explicit WaitsLock(SystemCore& system) noexcept
        : mutex_(system.workers() > 1 ? &system.waitsMutex() : nullptr) {
        if (mutex_ != nullptr) mutex_->lock();
    }
    ~WaitsLock() {
        if (mutex_ != nullptr) mutex_->unlock();
    }
    WaitsLock(const WaitsLock&) = delete;
    WaitsLock& operator=(const WaitsLock&) = delete;

private:
    base::Mutex* const mutex_;
};

}  // namespace

/// Whether `from` waits for this actor, by whatever way. The way is in `path`, from `from` on.
bool Cell::isAwaitedBy(const Cell& from, std::vector<const Cell*>& path) const {
    if (path.size() > 64) return false;  // longer ones end by their timeouts
    path.push_back(&from);
    if (&from == this) return true;
    for (const AskBase* ask = from.firstWait_; ask != nullptr; ask = ask->nextWait)
        if (isAwaitedBy(*ask->asked, path)) return true;
    path.pop_back();
    return false;
}

bool Cell::beginWait(AskBase& ask, std::string& circle) noexcept {
    try {
        const WaitsLock lock(*system_);
        std::vector<const Cell*> path;
        if (ask.asked->firstWait_ != nullptr || ask.asked == this) {
            if (isAwaitedBy(*ask.asked, path)) {
                circle = name();
                for (const Cell* cell : path)
                    circle += " -> " + cell->name();
                return false;
            }
        }
        ask.askedBy = this;
        ask.nextWait = std::exchange(firstWait_, &ask);
        holdLocally();
    } catch (const std::bad_alloc&) {
        return true;  // a circle ends by its timeouts then
    }
    return true;
}

void Cell::endWait(AskBase& ask) noexcept {
    {
        const WaitsLock lock(*system_);
        AskBase** link = &firstWait_;
        while (*link != &ask)
            link = &(*link)->nextWait;
        *link = ask.nextWait;
    }
    releaseLocally();
}

std::string Cell::waitsFor() const {
    const WaitsLock lock(*system_);
    std::string names;
    for (const AskBase* ask = firstWait_; ask != nullptr; ask = ask->nextWait)
        names += (names.empty() ? "" : ", ") + ask->asked->name();
    return names;
}

}  // namespace tempeh::actors::detail
