#pragma once

#include <tempeh/flows/router.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tempeh::flows::detail {

/// What the copies of a Router share, and its peers. Constant once a peer was served, except for the
/// counters.
class RouterState {
public:
    RouterState(RouteFunction routeOf, RouterOptions options);

    struct Route {
        std::string_view name;
        const RequestHandler* handler = nullptr;
    };

    void add(std::string route, RequestHandler handler);
    void setOtherwise(RequestHandler handler);
    void addLayer(RequestHandler layer);
    /// From now on nothing may be added.
    void beginUse() noexcept { isInUse_.store(true, std::memory_order_relaxed); }

    /// The handler for a request; null if there is none.
    Route routeOf(const Message& request) const;
    const std::vector<RequestHandler>& layers() const noexcept { return layers_; }
    const RouterOptions& options() const noexcept { return options_; }
    RouterCounters counters() const noexcept;

    struct Counts {
        std::atomic<std::uint64_t> requests{0};
        std::atomic<std::uint64_t> answered{0};
        std::atomic<std::uint64_t> failed{0};
        std::atomic<std::uint64_t> overdue{0};
        std::atomic<std::uint64_t> cancelled{0};
        std::atomic<std::uint64_t> unrouted{0};
    };
    static void count(std::atomic<std::uint64_t>& counter) noexcept {
        counter.fetch_add(1, std::memory_order_relaxed);
    }
    Counts counts;

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    void requireUnused() const;

    const RouteFunction routeOf_;
    const RouterOptions options_;
    std::unordered_map<std::string, RequestHandler, Hash, std::equal_to<>> routes_;
    RequestHandler otherwise_;
    std::vector<RequestHandler> layers_;
    std::atomic<bool> isInUse_{false};
};

}  // namespace tempeh::flows::detail
