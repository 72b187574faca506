#include "tls/tls_stream.hpp"

#include "tls/tls_address_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace tempeh::tls {

using transport::StreamInfo;
using transport::StreamTraits;

namespace {

StreamInfo infoOver(const StreamInfo& carrier) {
    return {.transport = Transport::Tls,
            .localAddress = asTls(carrier.localAddress),
            .peerAddress = asTls(carrier.peerAddress),
            .peerCredentials = {},
            .peerCertificate = {}};
}

StreamTraits traitsOver(const transport::Stream& carrier, const Material* server) {
    const Duration helloLimit = server != nullptr ? Duration(server->options().handshakeTimeout) : Duration();
    return {.writesOnAnyThread = false,
            .delaysAcknowledgements = carrier.traits().delaysAcknowledgements,
            .identifiesLate = server != nullptr,
            .helloLimit = helloLimit};
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<transport::Stream> carrier, std::unique_ptr<Session> session,
                     const asio::any_io_executor& executor)
    : Stream(traitsOver(*carrier, nullptr))
    , carrier_(std::move(carrier))
    , session_(std::move(session))
    , executor_(executor)
    , info_(infoOver(carrier_->info()))
    , hasMore_(session_->hasBuffered()) {
    info_.peerCertificate = session_->peerCertificate();
}

TlsStream::TlsStream(std::unique_ptr<transport::Stream> carrier, std::shared_ptr<const Material> material,
                     const asio::any_io_executor& executor)
    : Stream(traitsOver(*carrier, material.get()))
    , carrier_(std::move(carrier))
    , material_(std::move(material))
    , session_(Session::ofServer(material_, *carrier_))
    , executor_(executor)
    , info_(infoOver(carrier_->info())) {}

TlsStream::~TlsStream() = default;

// --- Reading ---

std::size_t TlsStream::readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept {
    std::size_t total = 0;
    hasMore_ = false;
    ec.clear();
    if (isClosed_) ec = asio::error::operation_aborted;
    bool goOn = !ec;
    for (std::span<std::byte> rest : into) {
        while (!rest.empty() && goOn) {
            const std::size_t size = session_->read(rest, ec);
            total += size;
            rest = rest.subspan(size);
            goOn = !ec && !session_->isDrained();
        }
    }
    if (traits().identifiesLate && info_.peerCertificate == nullptr) identify();
    hasMore_ = ec != asio::error::would_block && session_->hasBuffered();
    if (total != 0) ec.clear();  // an end stays, for the next call
    if (owesEnd_) shutdownSend();
    return total;
}

std::size_t TlsStream::readInto(std::span<std::byte> into, error_code& ec) noexcept {
    return readSome(std::span<const std::span<std::byte>>(&into, 1), ec);
}

void TlsStream::identify() noexcept {
    info_.peerCertificate = session_->peerCertificate();
}

/// The carrier has read into the session's room, or failed.
class TlsStream::Arrival {
public:
    using allocator_type = Completion::allocator_type;  // for one that is posted

    Arrival(TlsStream& stream, std::span<std::byte> into, Completion done) noexcept
        : stream_(stream), receive_(stream.receive_), into_(into), done_(std::move(done)) {}
    void operator()() { stream_.onInput(into_, std::move(done_)); }
    allocator_type get_allocator() const noexcept { return done_.get_allocator(); }

private:
    TlsStream& stream_;
    std::shared_ptr<transport::AwaitedOperation> receive_;  // in which this is
    std::span<std::byte> into_;
    Completion done_;
};

void TlsStream::startReceive(std::span<std::byte> into, Completion done) {
    if (hasMore_ || isClosed_) return readLater(into, std::move(done));
    isStarting_ = true;
    try {
        awaitInput(into, std::move(done));
    } catch (const std::bad_alloc&) {
        isStarting_ = false;
        throw;
    }
    isStarting_ = false;
}

void TlsStream::readLater(std::span<std::byte> into, Completion done) {
    receive_->size = 0;
    receive_->ec.clear();
    asio::post(executor_, Arrival(*this, into, std::move(done)));
}

void TlsStream::awaitInput(std::span<std::byte> into, Completion done) {
    auto outcome = receive_->wait(*carrier_, session_->carrier().room());
    std::move(outcome)(Arrival(*this, into, std::move(done)));
}

void TlsStream::onInput(std::span<std::byte> into, Completion done) {
    const bool isOutOfMemory = receive_->ec == asio::error::no_memory;
    if (isOutOfMemory && isStarting_) throw std::bad_alloc();  // nothing has started
    if (isOutOfMemory || receive_->ec == asio::error::operation_aborted) return done(receive_->ec);
    if (receive_->size != 0 || receive_->ec) session_->carrier().note(receive_->size, receive_->ec);
    error_code ec;
    const std::size_t size = readInto(into, ec);
    if (ec != asio::error::would_block) return done(ec, size);
    if (!session_->blocksOnWrite()) return awaitInput(into, std::move(done));
    asio::co_spawn(executor_, readWhenWritable(into, std::move(done)), asio::detached);
}

/// The handshake waits until the peer takes more: rare, since all of it fits into a socket's buffer.
asio::awaitable<void> TlsStream::readWhenWritable(std::span<std::byte> into, Completion done) {
    error_code ec = asio::error::would_block;
    std::size_t size = 0;
    while (ec == asio::error::would_block) {
        try {
            co_await waitReadable(ec);
        } catch (const std::bad_alloc&) {
            ec = asio::error::no_memory;
        }
        if (!ec) size = readInto(into, ec);
    }
    done(ec, size);
}

asio::awaitable<void> TlsStream::waitReadable(error_code& ec) {
    ec.clear();
    if (isClosed_) ec = asio::error::operation_aborted;
    if (ec || hasMore_) co_return;
    if (session_->blocksOnWrite())
        co_await carrier_->waitWritable(ec);
    else
        co_await carrier_->waitReadable(ec);
}

// --- Writing ---

std::size_t TlsStream::writeSome(std::span<const std::span<const std::byte>> from, error_code& ec) noexcept {
    std::array<std::byte, Session::mostPerRecord> gathered;
    std::size_t total = 0;
    std::size_t offset = 0;  // in the first span of `from`
    ec.clear();
    if (isClosed_) ec = asio::error::operation_aborted;
    while (!from.empty() && !ec) {
        std::span<const std::byte> next = from.front().subspan(offset);
        if (next.size() < gathered.size() && from.size() > 1) {
            // Small pieces share a record.
            std::size_t size = 0;
            std::size_t skip = offset;
            for (const std::span<const std::byte> piece : from) {
                const std::span<const std::byte> part =
                    piece.subspan(skip, std::min(piece.size() - skip, gathered.size() - size));
                if (!part.empty()) std::memcpy(gathered.data() + size, part.data(), part.size());
                size += part.size();
                skip = 0;
                if (size == gathered.size()) break;
            }
            next = std::span<const std::byte>(gathered).first(size);
        }
        if (next.empty()) break;
        const std::size_t written = session_->write(next, ec);
        total += written;
        offset += written;
        while (!from.empty() && offset >= from.front().size()) {
            offset -= from.front().size();
            from = from.subspan(1);
        }
    }
    if (total != 0) ec.clear();  // an error stays, for the next call
    return total;
}

asio::awaitable<void> TlsStream::waitWritable(error_code& ec) {
    return carrier_->waitWritable(ec);
}

// --- Ending ---

void TlsStream::shutdownSend() noexcept {
    owesEnd_ = !session_->sendEnd();
    if (!owesEnd_) carrier_->shutdownSend();
}

void TlsStream::close() noexcept {
    if (std::exchange(isClosed_, true)) return;
    session_->sendEnd();
    carrier_->close();
}

/// On its way to another engine: the handshake has not begun.
class TlsStream::Detached final : public transport::DetachedStream {
public:
    explicit Detached(std::shared_ptr<const Material> material) noexcept : material_(std::move(material)) {}
    void hold(std::unique_ptr<transport::DetachedStream> carrier) noexcept { carrier_ = std::move(carrier); }

    std::unique_ptr<Stream> attach(const asio::any_io_executor& executor, error_code& ec) override {
        std::unique_ptr<Stream> carrier = carrier_->attach(executor, ec);
        if (carrier == nullptr) return nullptr;
        return std::make_unique<TlsStream>(std::move(carrier), std::move(material_), executor);
    }

private:
    std::shared_ptr<const Material> material_;
    std::unique_ptr<transport::DetachedStream> carrier_;
};

std::unique_ptr<transport::DetachedStream> TlsStream::detach() {
    if (material_ == nullptr) return nullptr;
    auto detached = std::make_unique<Detached>(material_);  // first: if the rest fails, nothing has changed
    std::unique_ptr<transport::DetachedStream> carrier = carrier_->detach();
    if (carrier == nullptr) return nullptr;
    detached->hold(std::move(carrier));
    return detached;
}

}  // namespace tempeh::tls
