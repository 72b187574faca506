#include "transport/mem/mem_stream.hpp"

#include "transport/waits.hpp"

#include <utility>

namespace tempeh::transport {

/// A connection without an executor; closed here unless it is attached.
class MemStream::Detached final : public DetachedStream {
public:
    Detached(std::shared_ptr<MemConnection> connection, std::size_t side) noexcept
        : connection_(std::move(connection)), side_(side) {}
    ~Detached() override {
        if (connection_ != nullptr) connection_->close(side_);
    }

    std::unique_ptr<Stream> attach(const asio::any_io_executor& executor, error_code& ec) override {
        ec.clear();
        auto stream = std::make_unique<MemStream>(connection_, side_, executor);
        connection_.reset();
        return stream;
    }

private:
    std::shared_ptr<MemConnection> connection_;
    const std::size_t side_;
};

MemStream::MemStream(std::shared_ptr<MemConnection> connection, std::size_t side,
                     const asio::any_io_executor& executor)
    : Stream({.writesOnAnyThread = true, .delaysAcknowledgements = false})
    , end_(std::make_shared<MemEnd>(std::move(connection), side, executor)) {
    const std::string place = "mem|" + end_->connection().name();
    info_.localAddress = side == 0 ? "mem|" : place;
    info_.peerAddress = side == 0 ? place : "mem|";
    end_->enter();
    end_->connection().setWaiter(side, end_);
}

MemStream::~MemStream() {
    if (end_ == nullptr) return;
    end_->connection().close(end_->side());
    letGo();
}

void MemStream::letGo() noexcept {
    end_->connection().setWaiter(end_->side(), {});
    end_->leave();
}

std::size_t MemStream::readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept {
    return end_->connection().read(end_->side(), into, ec);
}

std::size_t MemStream::writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept {
    return end_->connection().write(end_->side(), from, ec);
}

void MemStream::startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) {
    end_->awaitInput(into, std::move(done));
}

asio::awaitable<void> MemStream::waitReadable(error_code& ec) {
    return waitForOperation(
        [end = end_](AwaitedOperation::Completion done) { end->awaitInput({}, std::move(done)); }, ec);
}

asio::awaitable<void> MemStream::waitWritable(error_code& ec) {
    return waitForOperation(
        [end = end_](AwaitedOperation::Completion done) { end->awaitRoom(std::move(done)); }, ec);
}

void MemStream::shutdownSend() noexcept {
    end_->connection().endWriting(end_->side());
}

void MemStream::close() noexcept {
    if (end_ == nullptr) return;
    end_->connection().close(end_->side());
    end_->abort();
}

std::unique_ptr<DetachedStream> MemStream::detach() {
    auto detached = std::make_unique<Detached>(end_->shareConnection(), end_->side());
    letGo();
    end_.reset();
    return detached;
}

}  // namespace tempeh::transport
