#pragma once

#include "transport/mem/mem_connection.hpp"
#include "transport/mem/mem_waiter.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tempeh::transport {

/// The names of the process at which somebody listens, and who waits there to be accepted. Any thread.
class MemNames {
public:
    enum class Knock { Heard, NobodyThere, Full };

    /// Never destroyed: engines may outlive main().
    static MemNames& ofProcess();

    /// Whoever accepts at the name is rung for each connection, of which at most `backlog` wait. An empty
    /// name becomes a new one. Returns the name; empty: it is taken.
    std::string bind(std::string name, std::size_t backlog, const std::shared_ptr<MemWaiter>& accepter);
    /// Closes the connections that nobody has accepted.
    void unbind(const std::string& name) noexcept;

    Knock knock(const std::shared_ptr<MemConnection>& connection);
    /// Null: nobody has come.
    std::shared_ptr<MemConnection> accept(const std::string& name);

private:
    struct Place {
        std::deque<std::shared_ptr<MemConnection>> waiting;
        std::size_t backlog = 0;
        std::weak_ptr<MemWaiter> accepter;
    };

    base::Mutex mutex_;
    std::map<std::string, Place> places_ TEMPEH_GUARDED_BY(mutex_);
    std::uint64_t lastNew_ TEMPEH_GUARDED_BY(mutex_) = 0;
};

}  // namespace tempeh::transport
