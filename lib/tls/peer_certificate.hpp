#pragma once

#include "tls/handles.hpp"

#include <tempeh/transport/credentials.hpp>

#include <memory>

namespace tempeh::tls {

/// What the certificate says. Never fails but with std::bad_alloc: what it cannot read stays empty.
std::shared_ptr<const PeerCertificate> describe(X509& certificate, bool isVerified);

/// Whether `name`, a host name or an IP address, is one that the certificate is for.
bool isFor(X509& certificate, const std::string& name) noexcept;

}  // namespace tempeh::tls
