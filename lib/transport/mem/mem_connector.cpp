#include "transport/mem/mem_connector.hpp"

#include "transport/custom_place.hpp"
#include "transport/mem/mem_names.hpp"
#include "transport/mem/mem_stream.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>

namespace tempeh::transport {

asio::awaitable<std::unique_ptr<Stream>> MemConnector::connect(Address address, error_code& ec) {
    using namespace std::chrono_literals;
    std::unique_ptr<Stream> stream;
    const std::string* const place = placeOf<CustomClientAddress>(address, "mem", cancelled_, ec);
    if (ec) co_return stream;
    const auto connection = std::make_shared<MemConnection>(*place);
    stream = std::make_unique<MemStream>(connection, 0, executor_);
    // A full backlog is no event to wait for, as with a Unix socket.
    for (std::chrono::milliseconds pause = 1ms;;
         pause = std::min<std::chrono::milliseconds>(pause * 2, 16ms)) {
        const MemNames::Knock knock = MemNames::ofProcess().knock(connection);
        if (knock == MemNames::Knock::Heard) co_return stream;
        if (knock == MemNames::Knock::NobodyThere) {
            ec = asio::error::connection_refused;
            break;
        }
        retry_.expires_after(pause);
        co_await waitFor(retry_, ec);
        if (cancelled_) ec = asio::error::operation_aborted;
        if (ec) break;
    }
    stream.reset();
    co_return stream;
}

void MemConnector::cancel() noexcept {
    cancelled_ = true;
    retry_.cancel();
}

}  // namespace tempeh::transport
