#include "flows/hub/hub.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_state.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/flows/blocking_stream.hpp>

#include <condition_variable>
#include <memory>

namespace tempeh::flows {

namespace {

/// How an operation went, from the engine to the thread. Errors travel as codes, because a thread that reads
/// an exception of another shares its reference count.
template <typename T>
class OperationOutcome {
public:
    /// Tells the thread, when the last handler is gone: so also if the engine ends without calling it.
    class Reporter {
    public:
        explicit Reporter(std::shared_ptr<OperationOutcome> outcome) noexcept
            : outcome_(std::move(outcome)) {}
        Reporter(const Reporter&) = delete;
        Reporter& operator=(const Reporter&) = delete;
        ~Reporter() {
            const base::MutexLock lock(outcome_->mutex_);
            outcome_->isDone_ = true;
            outcome_->changed_.notify_all();
        }
        void set(const error_code& failure, T result) noexcept {
            outcome_->ec = failure;
            outcome_->value = std::move(result);
        }

    private:
        const std::shared_ptr<OperationOutcome> outcome_;
    };

    void wait() noexcept {
        base::WaitableLock lock(mutex_);
        lock.wait(changed_, [this]() TEMPEH_REQUIRES(mutex_) { return isDone_; });
    }

    // Once it is done.
    error_code ec = Status::ShutdownStarted;
    T value{};

private:
    base::Mutex mutex_;
    std::condition_variable changed_;
    bool isDone_ TEMPEH_GUARDED_BY(mutex_) = false;
};

struct Nothing {};

/// Starts an operation with a handler and waits for it.
template <typename T, typename Start>
T blockOn(const Peer& peer, Start start) {
    detail::PeerState& state = *detail::PeerAccess::state(peer);
    if (!state.hub().mayBlock()) throw detail::blocksEngine();
    const auto outcome = std::make_shared<OperationOutcome<T>>();
    start(std::make_shared<typename OperationOutcome<T>::Reporter>(outcome));
    outcome->wait();
    if (outcome->ec) throw state.errorFor(outcome->ec);
    return std::move(outcome->value);
}

}  // namespace

BlockingStreamReader::BlockingStreamReader(const BlockingPeer& peer, MessagePtr first)
    : peer_(peer.peer()), reader_(peer.peer(), std::move(first)) {}

MessagePtr BlockingStreamReader::next() {
    return blockOn<MessagePtr>(peer_, [this](auto reporter) {
        reader_.next(
            [reporter](const error_code& ec, MessagePtr part) { reporter->set(ec, std::move(part)); });
    });
}

std::uint64_t BlockingStreamReader::readTo(const StreamSink& sink) {
    std::uint64_t size = 0;
    while (const MessagePtr part = next()) {
        sink(part->body.bytes());
        size += part->body.size();
    }
    return size;
}

std::string BlockingStreamReader::readAll(std::size_t limit) {
    return blockOn<std::string>(peer_, [this, limit](auto reporter) {
        reader_.readAll(limit, [reporter](const error_code& ec, std::string whole) {
            reporter->set(ec, std::move(whole));
        });
    });
}

BlockingStreamWriter::BlockingStreamWriter(const BlockingPeer& peer, OpCode opCode, StreamOptions options)
    : peer_(peer.peer()), writer_(peer.peer(), opCode, options) {}

BlockingStreamWriter::BlockingStreamWriter(const BlockingPeer& peer, MessagePtr request,
                                           StreamOptions options)
    : peer_(peer.peer()), writer_(peer.peer(), std::move(request), options) {}

void BlockingStreamWriter::write(std::span<const std::byte> bytes) {
    blockOn<Nothing>(peer_, [this, bytes](auto reporter) {
        writer_.write(bytes, [reporter](const error_code& ec) { reporter->set(ec, {}); });
    });
}

void BlockingStreamWriter::write(std::string_view text) {
    write(std::as_bytes(std::span(text.data(), text.size())));
}

void BlockingStreamWriter::finish(std::uint8_t status) {
    blockOn<Nothing>(peer_, [this, status](auto reporter) {
        writer_.finish(status, [reporter](const error_code& ec) { reporter->set(ec, {}); });
    });
}

MessagePtr BlockingStreamWriter::answer(Timeout timeout) {
    return blockOn<MessagePtr>(peer_, [this, timeout](auto reporter) {
        writer_.answer(timeout, [reporter](const error_code& ec, MessagePtr answer) {
            reporter->set(ec, std::move(answer));
        });
    });
}

BlockingStreamReader BlockingStreamWriter::answerStream(Timeout timeout) {
    StreamReader reader = blockOn<StreamReader>(peer_, [this, timeout](auto reporter) {
        writer_.answerStream(timeout, [reporter](const error_code& ec, StreamReader answer) {
            reporter->set(ec, std::move(answer));
        });
    });
    return {peer_, std::move(reader)};
}

BlockingStreamReader requestStream(const BlockingPeer& peer, MessagePtr request, Timeout timeout) {
    StreamReader reader = blockOn<StreamReader>(peer.peer(), [&](auto reporter) {
        requestStream(
            peer.peer(), std::move(request), timeout,
            [reporter](const error_code& ec, StreamReader answer) { reporter->set(ec, std::move(answer)); });
    });
    return {peer.peer(), std::move(reader)};
}

}  // namespace tempeh::flows
