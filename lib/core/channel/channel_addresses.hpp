#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/channel_info.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tempeh::core {

/// The local and the peer address of a channel, as far as known. Any thread.
class ChannelAddresses {
public:
    struct Data {
        Transport transport = Transport::Other;
        std::string local{};
        std::string peer{};
        std::optional<PeerCredentials> credentials{};
        std::shared_ptr<const PeerCertificate> certificate{};
    };

    void set(Data data) noexcept {
        const base::MutexLock lock(mutex_);
        std::swap(data_, data);  // the old data is destroyed after the lock is released
    }
    Data get() const {
        const base::MutexLock lock(mutex_);
        return data_;
    }
    /// These throw std::bad_alloc, as get() does.
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
