#pragma once

namespace tempeh::tls {

/// Every engine of the process knows `tls|` addresses from now on. May be called again; any thread.
void addTlsTransport() noexcept;

}  // namespace tempeh::tls
