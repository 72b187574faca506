#include "soak/workers.hpp"

#include <boost/asio/redirect_error.hpp>

#include <array>
#include <iostream>
#include <sstream>
#include <thread>

namespace tempeh::soak {

using namespace std::chrono_literals;
using flows::BlockingPeer;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::StreamReader;
using flows::StreamWriter;

namespace {

/// Longer than anything takes: who waits so long has lost it.
constexpr Duration patience = 30s;

void complain(const Account& account, const std::string& what) {
    std::ostringstream line;
    line << "complaint " << account.name << ": " << what << '\n';
    std::cout << line.str() << std::flush;
}

/// A request with the account's next number, and how it went.
class Question {
public:
    Question(Worker& worker, std::mt19937_64& dice, MessagePtr message)
        : account_(*worker.account), number_(account_.next++), message_(std::move(message)) {
        ++account_.asked;
        const std::size_t size = dice() % 64 == 0 ? dice() % 60'000 : dice() % 1'000;
        test::putNumber(*message_, number_);
        const std::string filling = test::pattern(size, static_cast<std::uint32_t>(number_));
        message_->body.append(filling);
        sum_ = test::checksum(filling);
    }

    MessagePtr take() { return std::move(message_); }

    void settle(const MessagePtr& answer) {
        if (answer == nullptr) return giveUp("no answer in time");
        const bool isRight =
            test::numberOf(*answer) == number_ && test::checksum(answer->body.view().substr(8)) == sum_;
        ++(isRight ? account_.answered : account_.wrong);
        if (!isRight) complain(account_, "a wrong answer");
    }
    void fail(const boost::system::system_error& error) {
        if (!account_.mayFail || error.code() != Status::ChannelClosed) return giveUp(error.what());
        ++account_.failed;
    }

private:
    void giveUp(const std::string& why) {
        ++account_.lost;
        complain(account_, "request " + std::to_string(number_) + ": " + why);
    }

    Account& account_;
    std::uint64_t number_;
    std::uint64_t sum_ = 0;
    MessagePtr message_;
};

template <typename Link>
asio::awaitable<void> askOver(Link link, Worker worker, Duration pause) {
    std::mt19937_64 dice(worker.seed);
    while (!*worker.isStopping) {
        Question question(worker, dice, link.newMessage());
        MessagePtr answer;
        bool isOver = false;
        try {
            answer = co_await link.request(question.take(), patience);
        } catch (const boost::system::system_error& error) {
            question.fail(error);
            isOver = true;
        }
        if (!isOver) question.settle(answer);
        if (isOver && !worker.account->mayFail) co_return;
        co_await link.sleep(pause);
    }
}

}  // namespace

asio::awaitable<void> ask(Peer peer, Worker worker, Duration pause) {
    co_await askOver(peer, worker, pause);
}

asio::awaitable<void> askAgainAndAgain(ReconnectingPeer link, Worker worker, Duration pause) {
    co_await askOver(link, worker, pause);
    const flows::ReconnectCounters counters = link.counters();
    worker.account->sentAgain = counters.sentAgain;
    worker.account->reconnects = counters.connects;
}

void askBlocking(BlockingPeer peer, Worker worker, Duration pause) {
    std::mt19937_64 dice(worker.seed);
    while (!*worker.isStopping) {
        Question question(worker, dice, peer.newMessage());
        try {
            question.settle(peer.request(question.take(), patience));
        } catch (const boost::system::system_error& error) {
            question.fail(error);
            return;
        }
        std::this_thread::sleep_for(pause);
    }
}

asio::awaitable<void> signal(Peer peer, Worker worker, Duration pause) {
    std::uint64_t number = 1;
    while (!*worker.isStopping) {
        MessagePtr message = peer.newMessage(OpCode::Signal);
        test::putNumber(*message, number++);
        co_await peer.send(std::move(message));
        ++worker.account->signals;
        co_await peer.sleep(pause);
    }
}

namespace {

/// A value up, its checksum back; then one down.
asio::awaitable<void> streamOnce(Peer peer, Worker worker, std::mt19937_64* dice) {
    Account& account = *worker.account;
    const std::size_t size = (*dice)() % 1'000'000;
    const std::string value = test::pattern(size, static_cast<std::uint32_t>(size));
    StreamWriter writer(peer);
    writer.textHeaders().append(test::wantHeader, test::wantSum);
    co_await writer.write(value);
    const MessagePtr answer = co_await writer.answer(patience);
    if (answer == nullptr) throw Error(Status::ProcessingFailed);
    if (answer->body.view() != std::to_string(test::checksum(value))) ++account.wrong;

    MessagePtr wish = peer.newMessage(OpCode::Request, std::to_string(size));
    wish->textHeaders.append(test::wantHeader, test::wantDownload);
    StreamReader reader = co_await flows::requestStream(peer, std::move(wish), patience);
    if (!reader) throw Error(Status::ProcessingFailed);
    std::uint64_t sum = test::sumOfNothing;
    const std::uint64_t got = co_await reader.readTo(
        [&sum](std::span<const std::byte> bytes) { sum = test::checksum(bytes, sum); });
    if (got != size || sum != test::checksum(test::pattern(size))) ++account.wrong;
}

asio::awaitable<Peer> connectAs(Ampe* engine, const Address* address, const Account* account) {
    const std::array<TextHeader, 1> headers{TextHeader{test::clientHeader, account->name}};
    flows::ConnectOptions options{.attempts = 0, .timeout = patience};
    options.headers = headers;
    co_return co_await flows::connect(*engine, *address, options);
}

}  // namespace

asio::awaitable<void> stream(Ampe* engine, Address address, Worker worker, Duration pause) {
    std::mt19937_64 dice(worker.seed);
    Account& account = *worker.account;
    Peer peer;
    while (!*worker.isStopping) {
        bool isCut = false;
        std::string why;
        try {
            if (!peer || !peer.isOpen()) {
                ++account.reconnects;
                peer = co_await connectAs(engine, &address, &account);
            }
            ++account.asked;
            co_await streamOnce(peer, worker, &dice);
            ++account.answered;
        } catch (const boost::system::system_error& error) {
            // The second: the part it came with was given back.
            isCut = account.mayFail &&
                    (error.code() == Status::ChannelClosed || error.code() == Status::PeerDisconnected);
            why = error.what();
        }
        if (isCut) {
            ++account.failed;
            continue;
        }
        if (!why.empty()) {
            ++account.lost;
            complain(account, "a stream: " + why);
            peer = Peer();
            continue;
        }
        co_await peer.sleep(pause);
    }
}

}  // namespace tempeh::soak
