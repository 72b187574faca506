#pragma once

#include "support/flows_fixture.hpp"
#include "tls/certificates.hpp"

#include <tempeh/tls.hpp>

#include <gmock/gmock.h>

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::test {

/// Why handshakes failed, as TlsOptions::onFailure says it.
class Failures {
public:
    std::function<void(const TlsFailure&)> hook() {
        return [this](const TlsFailure& failure) {
            const std::scoped_lock lock(mutex_);
            causes_.push_back(failure.cause.message());
        };
    }
    /// Waits for the first.
    std::string first() {
        EXPECT_TRUE(eventually([&] {
            const std::scoped_lock lock(mutex_);
            return !causes_.empty();
        }));
        const std::scoped_lock lock(mutex_);
        return causes_.empty() ? std::string() : causes_.front();
    }

private:
    std::mutex mutex_;
    std::vector<std::string> causes_;
};

/// A CA, and engines with certificates of it.
class TlsTest : public testing::Test {
protected:
    /// Files of a certificate and its key; `name` tells them from others.
    TlsOptions with(const Identity& identity, const std::string& name = "server") const {
        return {.certificateChainFile = folder.write(name + ".pem", identity.chain),
                .privateKeyFile = folder.write(name + ".key", identity.key)};
    }
    /// A server that asks for no certificate.
    TlsOptions server() const { return with(ca.issue()); }
    /// A client that trusts the CA and has no certificate.
    TlsOptions client() const { return {.caFile = folder.write("ca.pem", ca.pem())}; }
    /// The same, for mutual TLS: both sides trust the CA and have a certificate.
    TlsOptions mutualServer() const { return trusting(server()); }
    TlsOptions mutualClient() const {
        return trusting(
            with(ca.issue({.name = "client", .alternativeNames = "URI:spiffe://test/client"}), "client"));
    }
    TlsOptions trusting(TlsOptions options) const {
        options.caFile = folder.write("ca.pem", ca.pem());
        return options;
    }

    static Options engine(TlsOptions options) {
        return engine(std::make_shared<TlsContext>(std::move(options)));
    }
    static Options engine(std::shared_ptr<TlsContext> context) {
        Options engine;
        engine.tls = std::move(context);
        return engine;
    }
    static Address anywhere() { return TlsServerAddress("127.0.0.1", 0); }
    static std::uint16_t portOf(const Address& address) {
        const std::string text = toString(address);
        return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind('|') + 1)));
    }

    const Folder folder;
    const Authority ca{"Test CA"};
};

}  // namespace tempeh::test
