#include "testing/memory_connector.hpp"

#include "testing/memory_listener.hpp"
#include "testing/memory_stream.hpp"
#include "transport/scheme.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/errc.hpp>

#include <chrono>
#include <utility>

namespace tempeh::testing::detail {

/// How long to wait before trying again when the other side's kernel has not answered.
constexpr auto knockAgainAfter = std::chrono::seconds(1);

struct MemoryConnector::Attempt {
    World& world;
    HostId host;
    asio::any_io_executor executor;
    Address address;
    std::uint64_t id;
    bool isCancelled = false;
    std::optional<Wake> waiting;
    std::shared_ptr<Connection> connection;
};

namespace {

Connection::Party clientOf(HostId host, const std::string& name, std::uint64_t id,
                           const asio::any_io_executor& executor, const Address& to) {
    constexpr std::uint64_t firstPort = 32'768;
    constexpr std::uint64_t ports = 16'384;
    transport::StreamInfo info;
    info.peerAddress = toString(to);
    info.transport = transport::kindOf(to);
    info.localAddress = "uds|";
    if (info.transport == Transport::Tcp)
        info.localAddress = "tcp|" + name + "|" + std::to_string(firstPort + id % ports);
    return {host, executor, std::move(info)};
}

Connection::Party serverOf(const MemoryListener& listener, const Connection::Party& client) {
    transport::StreamInfo info;
    info.transport = client.info.transport;
    info.localAddress = toString(listener.boundAddress());
    info.peerAddress = client.info.localAddress;
    return {listener.host(), listener.executor(), std::move(info)};
}

}  // namespace

MemoryConnector::MemoryConnector(World& world, HostId host, asio::any_io_executor executor)
    : attempt_(std::make_shared<Attempt>(
          Attempt{world, host, std::move(executor), {}, world.nextId(), false, {}, nullptr})) {}

MemoryConnector::~MemoryConnector() {
    cancel();
}

asio::awaitable<std::unique_ptr<transport::Stream>> MemoryConnector::connect(Address address,
                                                                             error_code& ec) {
    std::unique_ptr<transport::Stream> stream;
    const std::shared_ptr<Attempt> attempt = attempt_;
    World& world = attempt->world;
    attempt->address = std::move(address);
    if (attempt->isCancelled) {
        ec = asio::error::operation_aborted;
        co_return stream;
    }
    world.trace().add(TraceEvent::Connect, attempt->host, attempt->id);
    Sleep sleep;
    auto waiting = sleep.wait([&](Wake wake) { attempt->waiting.emplace(std::move(wake)); });
    world.timeline().after(world.latency(), [weak = std::weak_ptr(attempt)] {
        if (const auto living = weak.lock()) knock(living);
    });
    co_await std::move(waiting);
    ec = sleep.ec;
    if (!ec && attempt->isCancelled) ec = asio::error::operation_aborted;
    if (ec) {
        if (attempt->connection != nullptr) attempt->connection->close(0);
        world.trace().add(TraceEvent::ConnectFailed, attempt->id, static_cast<std::uint64_t>(ec.value()));
        co_return stream;
    }
    stream = std::make_unique<MemoryStream>(std::move(attempt->connection), 0);
    world.trace().add(TraceEvent::Connected, attempt->id);
    co_return stream;
}

void MemoryConnector::knock(const std::shared_ptr<Attempt>& attempt) {
    if (!attempt->waiting) return;
    World& world = attempt->world;
    error_code ec;
    MemoryListener* const listener = world.find(attempt->host, attempt->address, ec);
    if (world.fault(world.options().blackHoles)) return;
    if (world.fault(world.options().refusals)) ec = asio::error::connection_refused;
    const auto again = [weak = std::weak_ptr(attempt)] {
        if (const auto living = weak.lock()) knock(living);
    };
    if (listener != nullptr && (world.isCut(attempt->host, listener->host()) || !listener->hasRoom()))
        return world.timeline().after(knockAgainAfter, again);
    if (ec) return end(*attempt, ec);
    Connection::Party client = clientOf(attempt->host, world.nameOf(attempt->host), attempt->id,
                                        attempt->executor, attempt->address);
    Connection::Party server = serverOf(*listener, client);
    attempt->connection = Connection::make(world, std::move(client), std::move(server));
    listener->add(attempt->connection);
    world.timeline().after(world.latency(), [weak = std::weak_ptr(attempt)] {
        if (const auto living = weak.lock()) end(*living, {});
    });
}

void MemoryConnector::end(Attempt& attempt, const error_code& ec) {
    if (!attempt.waiting) return;
    Wake taken(std::move(*attempt.waiting));
    attempt.waiting.reset();
    asio::post(attempt.executor, [taken = std::move(taken), ec]() mutable { taken(ec); });
}

/// Matches the transports that are simulated.
Status MemoryConnector::statusOf(const error_code& ec) const noexcept {
    const bool isPathMissing = ec == boost::system::errc::no_such_file_or_directory;
    return isPathMissing ? Status::UdsPathNotFound : transport::connectStatus(ec);
}

void MemoryConnector::cancel() noexcept {
    attempt_->isCancelled = true;
    end(*attempt_, asio::error::operation_aborted);
}

}  // namespace tempeh::testing::detail
