#pragma once

#include "tls/handles.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <cstddef>
#include <list>
#include <new>
#include <string>
#include <utility>

namespace tempeh::tls {

/// The last session with each of the servers that clients spoke to most recently. Any thread.
class SessionCache {
public:
    void put(const std::string& server, SslSessionPtr session) {
        const base::MutexLock lock(mutex_);
        sessions_.remove_if([&](const Entry& entry) { return entry.first == server; });
        sessions_.emplace_front(server, std::move(session));
        if (sessions_.size() > mostServers) sessions_.pop_back();
    }
    /// OpenSSL has a new session for a client whose SSL has a SessionKey as its application data.
    static int onNew(SSL* ssl, SSL_SESSION* session) noexcept;
    /// Null: there is none. A session is used once: TLS 1.3 asks for that, so that nobody on the network can
    /// tell that two connections are of one client.
    SslSessionPtr take(const std::string& server) noexcept {
        const base::MutexLock lock(mutex_);
        for (auto entry = sessions_.begin(); entry != sessions_.end(); ++entry) {
            if (entry->first != server) continue;
            SslSessionPtr session = std::move(entry->second);
            sessions_.erase(entry);
            return session;
        }
        return nullptr;
    }

private:
    using Entry = std::pair<std::string, SslSessionPtr>;
    static constexpr std::size_t mostServers = 64;  // searched one by one

    base::Mutex mutex_;
    std::list<Entry> sessions_ TEMPEH_GUARDED_BY(mutex_);  // most recent first
};

/// Where a client's sessions go.
struct SessionKey {
    SessionCache* cache = nullptr;
    std::string server{};
};

inline int SessionCache::onNew(SSL* ssl, SSL_SESSION* session) noexcept {
    const auto* const key = static_cast<const SessionKey*>(SSL_get_app_data(ssl));
    if (key == nullptr || SSL_SESSION_is_resumable(session) != 1) return 0;
    try {
        SSL_SESSION_up_ref(session);
        key->cache->put(key->server, SslSessionPtr(session));
    } catch (const std::bad_alloc&) {
        // The next connection begins without it.
    }
    return 0;  // OpenSSL gives up its own reference
}

}  // namespace tempeh::tls
