#include "support/pipe_transport.hpp"

#include "base/thread_token.hpp"
#include "support/pipe_connection.hpp"
#include "transport/scheme.hpp"
#include "transport/waits.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

namespace tempeh::test {

namespace {

using transport::AwaitedOperation;

std::atomic<std::uint64_t> foreignWrites{0};

std::string textOf(const std::string& name) {
    return std::string(pipeScheme) + '|' + name;
}

// --- A stream ---

/// Written to on its engine's executor alone, as a transport that may have to read for it.
class PipeStream final : public transport::Stream {
public:
    PipeStream(const std::shared_ptr<PipeConnection>& connection, std::size_t side,
               const asio::any_io_executor& executor)
        : end_(std::make_shared<PipeEnd>(connection, side, executor)) {
        connection->attach(side, end_, executor);
        info_.localAddress = textOf(side == 0 ? std::string() : connection->name());
        info_.peerAddress = textOf(side == 0 ? connection->name() : std::string());
    }
    ~PipeStream() override {
        close();
        end_->connection().detach(end_->side());
    }

    using Stream::readSome;
    std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept override {
        return end_->connection().read(end_->side(), into, ec);
    }
    std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                          error_code& ec) noexcept override {
        if (base::currentThreadToken() == nullptr) foreignWrites.fetch_add(1, std::memory_order_relaxed);
        return end_->connection().write(end_->side(), from, ec);
    }
    void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) override {
        end_->awaitInput(into, std::move(done));
    }
    asio::awaitable<void> waitReadable(error_code& ec) override {
        return transport::waitForOperation(
            [end = end_](AwaitedOperation::Completion done) { end->awaitInput({}, std::move(done)); }, ec);
    }
    asio::awaitable<void> waitWritable(error_code& ec) override {
        return transport::waitForOperation(
            [end = end_](AwaitedOperation::Completion done) { end->awaitRoom(std::move(done)); }, ec);
    }
    void shutdownSend() noexcept override { end_->connection().endWriting(end_->side()); }
    void close() noexcept override {
        end_->connection().close(end_->side());
        end_->abort();
    }
    bool hasUnsent() const noexcept override { return false; }
    const transport::StreamInfo& info() const noexcept override { return info_; }

private:
    const std::shared_ptr<PipeEnd> end_;
    transport::StreamInfo info_;
};

// --- Names ---

/// Who accepts, on its engine's executor.
struct Accepter {
    std::optional<AwaitedOperation::Completion> waiting;

    void wake(error_code ec) {
        if (!waiting) return;
        AwaitedOperation::Completion taken(std::move(*waiting));
        waiting.reset();
        taken(ec);
    }
};

struct Place {
    std::deque<std::shared_ptr<PipeConnection>> backlog;
    std::weak_ptr<Accepter> accepter;
    Doorbell bell;
};

/// The names of the process on which somebody listens.
class Places {
public:
    static Places& ofProcess() {
        static Places places;
        return places;
    }

    /// The name, a fresh one for none; empty when it is taken.
    std::string bind(std::string name, const std::shared_ptr<Accepter>& accepter,
                     const asio::any_io_executor& executor) {
        const std::scoped_lock lock(mutex_);
        if (name.empty()) name = "fresh-" + std::to_string(++lastFresh_);
        const auto [place, isNew] = places_.try_emplace(name);
        if (!isNew) return {};
        place->second.accepter = accepter;
        place->second.bell.install(executor);
        return name;
    }
    void unbind(const std::string& name) {
        const std::scoped_lock lock(mutex_);
        const auto place = places_.find(name);
        if (place == places_.end()) return;
        for (const std::shared_ptr<PipeConnection>& connection : place->second.backlog)
            connection->close(1);
        places_.erase(place);
    }
    /// False: nobody listens there.
    bool connect(const std::shared_ptr<PipeConnection>& connection) {
        const std::scoped_lock lock(mutex_);
        const auto place = places_.find(connection->name());
        if (place == places_.end()) return false;
        place->second.backlog.push_back(connection);
        place->second.bell.ring([accepter = place->second.accepter] {
            if (const std::shared_ptr<Accepter> living = accepter.lock()) living->wake({});
        });
        return true;
    }
    /// Null: nobody has come.
    std::shared_ptr<PipeConnection> accept(const std::string& name) {
        const std::scoped_lock lock(mutex_);
        const auto place = places_.find(name);
        if (place == places_.end() || place->second.backlog.empty()) return nullptr;
        std::shared_ptr<PipeConnection> first = std::move(place->second.backlog.front());
        place->second.backlog.pop_front();
        return first;
    }

private:
    std::mutex mutex_;
    std::map<std::string, Place> places_;  // guarded by mutex_
    unsigned lastFresh_ = 0;
};

// --- Connecting and listening ---

class PipeConnector final : public transport::Connector {
public:
    explicit PipeConnector(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    asio::awaitable<std::unique_ptr<transport::Stream>> connect(Address address, error_code& ec) override {
        std::unique_ptr<transport::Stream> stream;
        const auto* const to = std::get_if<CustomClientAddress>(&address);
        ec.clear();
        if (to == nullptr || to->scheme != pipeScheme) ec = Status::WrongAddress;
        if (isCancelled_) ec = asio::error::operation_aborted;
        if (ec) co_return stream;
        const auto connection = std::make_shared<PipeConnection>(to->place);
        stream = std::make_unique<PipeStream>(connection, 0, executor_);
        if (!Places::ofProcess().connect(connection)) {
            ec = asio::error::connection_refused;
            stream.reset();
        }
        co_return stream;
    }
    void cancel() noexcept override { isCancelled_ = true; }

private:
    const asio::any_io_executor executor_;
    bool isCancelled_ = false;
};

class PipeListener final : public transport::Listener {
public:
    explicit PipeListener(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    ~PipeListener() override { close(); }

    asio::awaitable<void> open(Address address, error_code& ec) override {
        const auto* const at = std::get_if<CustomServerAddress>(&address);
        ec.clear();
        if (at == nullptr || at->scheme != pipeScheme) ec = Status::WrongAddress;
        if (isClosed_) ec = asio::error::operation_aborted;
        if (ec) co_return;
        name_ = Places::ofProcess().bind(at->place, accepter_, executor_);
        if (name_.empty()) ec = asio::error::address_in_use;
    }
    Address boundAddress() const override { return CustomServerAddress(std::string(pipeScheme), name_); }
    asio::awaitable<std::unique_ptr<transport::Stream>> accept(error_code& ec) override {
        std::unique_ptr<transport::Stream> stream;
        ec.clear();
        while (!isClosed_ && !ec) {
            if (const auto connection = Places::ofProcess().accept(name_)) {
                stream = std::make_unique<PipeStream>(connection, 1, executor_);
                co_return stream;
            }
            // Whoever comes from now on rings through this executor, so not before this waits.
            auto await = [this](AwaitedOperation::Completion done) {
                accepter_->waiting.emplace(std::move(done));
            };
            co_await transport::waitForOperation(await, ec);
        }
        if (isClosed_) ec = asio::error::operation_aborted;
        co_return stream;
    }
    void close() noexcept override {
        if (std::exchange(isClosed_, true)) return;
        if (!name_.empty()) Places::ofProcess().unbind(name_);
        wakeLater(asio::error::operation_aborted);
    }

private:
    void wakeLater(error_code ec) {
        asio::post(executor_, [accepter = accepter_, ec] { accepter->wake(ec); });
    }

    const asio::any_io_executor executor_;
    const std::shared_ptr<Accepter> accepter_ = std::make_shared<Accepter>();
    std::string name_;
    bool isClosed_ = false;
};

class PipeProvider final : public transport::Provider {
public:
    explicit PipeProvider(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    std::unique_ptr<transport::Connector> makeConnector() override {
        return std::make_unique<PipeConnector>(executor_);
    }
    std::unique_ptr<transport::Listener> makeListener() override {
        return std::make_unique<PipeListener>(executor_);
    }

private:
    const asio::any_io_executor executor_;
};

constexpr bool isPlace(std::string_view place, bool isServer) noexcept {
    return (isServer || !place.empty()) && place.size() <= 64 && place.find('|') == std::string_view::npos;
}

constinit transport::Scheme pipeTransport(pipeScheme, &isPlace,
                                          [](const asio::any_io_executor& executor,
                                             const transport::SocketOptions&)
                                              -> std::unique_ptr<transport::Provider> {
                                              return std::make_unique<PipeProvider>(executor);
                                          });

}  // namespace

void addPipeTransport() {
    static const bool isAdded = transport::addTransport(pipeTransport);
    static_cast<void>(isAdded);
}

std::uint64_t pipeWritesOffTheirExecutor() noexcept {
    return foreignWrites.load(std::memory_order_relaxed);
}

}  // namespace tempeh::test
