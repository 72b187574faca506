#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/channel_info.hpp>

#include <optional>
#include <string>
#include <utility>

namespace tempeh::core {

/// The two ends of a channel, as far as they are known. Any thread.
class ChannelAddresses {
public:
    struct Data {
        Transport transport = Transport::Other;
        std::string local{};
        std::string peer{};
        std::optional<PeerCredentials> credentials{};
    };

    void set(Data data) noexcept {
        const base::MutexLock lock(mutex_);
        std::swap(data_, data);  // what was there goes without the lock
    }
    Data get() const {
        const base::MutexLock lock(mutex_);
        return data_;
    }
    /// Throw std::bad_alloc, as get().
    std::string local() const {
        const base::MutexLock lock(mutex_);
        return data_.local;
    }
    std::string peer() const {
        const base::MutexLock lock(mutex_);
        return data_.peer;
    }

private:
    mutable base::Mutex mutex_;
    Data data_ TEMPEH_GUARDED_BY(mutex_);
};

}  // namespace tempeh::core
