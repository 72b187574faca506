#include "spooler.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace print {

namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

namespace {

constexpr std::size_t pieceBytes = 4096;

std::string_view valueOf(const tempeh::Message* message, std::string_view header) {
    return message != nullptr ? message->textHeaders.find(header).value_or("") : "";
}

}  // namespace

Spooler::Spooler(tempeh::Reactor& engine, std::vector<tempeh::Address> addresses, std::vector<Job> jobs)
    : server_(engine, std::move(addresses),
              {.accept = [this](flows::Hello& hello) { return admit(hello.request); }})
    , jobs_(std::move(jobs))
    , unfinished_(jobs_.size())
    , change_(engine.executor(), tempeh::TimePoint::max()) {
    for (const Job& job : jobs_)
        queue_.push_back(&job);
}

asio::awaitable<void> Spooler::run() {
    const flows::Handler handler = [this](flows::Peer worker) { return serve(std::move(worker)); };
    asio::co_spawn(change_.get_executor(), server_.serve(handler), asio::detached);
    while (unfinished_ != 0)
        co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await server_.stop(5s);  // workers that wait for a job hear a bye
}

std::uint8_t Spooler::admit(const tempeh::Message& hello) const {
    const std::string_view pdl = valueOf(&hello, pdlHeader);
    return pdl == "PDF" || pdl == "PS" ? printed : unknownPdl;
}

/// One channel, one job: waits for one that the worker can do.
asio::awaitable<void> Spooler::serve(flows::Peer worker) {
    const std::string pdl(valueOf(worker.hello(), pdlHeader));
    const Job* job = take(pdl);
    while (job == nullptr && unfinished_ != 0) {
        co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
        job = take(pdl);
    }
    if (job != nullptr) co_await print(std::move(worker), *job);
}

const Job* Spooler::take(std::string_view pdl) {
    const auto found =
        std::find_if(queue_.begin(), queue_.end(), [pdl](const Job* job) { return job->pdl == pdl; });
    if (found == queue_.end()) return nullptr;
    const Job* job = *found;
    queue_.erase(found);
    return job;
}

asio::awaitable<void> Spooler::print(flows::Peer worker, const Job& job) {
    Record& record = records_[job.id];
    ++record.attempts;
    try {
        co_await send(worker, job);
        co_await follow(worker, job);
    } catch (const tempeh::Error&) {
        // The worker has gone: with the result in hand that is its own affair, else another may do the job.
        if (record.result.empty()) queue_.push_front(&job);
    }
    if (!record.result.empty()) --unfinished_;
    changed();
}

/// Waits whenever the worker is behind. Progress that comes meanwhile waits for follow().
asio::awaitable<void> Spooler::send(flows::Peer worker, const Job& job) {
    MessagePtr part = worker.newMessage(OpCode::Request, fmt::format("pages={}", job.pages));
    part->textHeaders.append(ticketHeader, job.ticketFormat);
    std::string_view rest = job.document;
    for (;;) {
        part->header.messageId = job.id;
        part->header.more = !rest.empty();
        co_await worker.send(std::move(part));
        if (rest.empty()) co_return;
        part = worker.newMessage(OpCode::Request, rest.substr(0, pieceBytes));
        part->textHeaders.append(pdlHeader, job.pdl);
        rest.remove_prefix(part->body.size());
    }
}

/// Listens to the worker until it says bye, with the result.
asio::awaitable<void> Spooler::follow(flows::Peer worker, const Job& job) {
    Record& record = records_[job.id];
    for (;;) {
        MessagePtr message = co_await worker.receive();
        if (message->header.messageId != job.id) continue;
        record.progress = message->textHeaders.find(progressHeader).value_or("?");
        if (message->header.opCode != OpCode::ByeRequest) continue;
        const bool isPrinted = message->header.status == printed;
        record.result = fmt::format("{}, {}", isPrinted ? "printed" : "failed", message->body.view());
        message->body.clear();
        co_return co_await worker.respond(std::move(message));
    }
}

std::vector<std::string> Spooler::journal() const {
    std::vector<std::string> lines;
    for (const auto& [id, record] : records_)
        lines.push_back(fmt::format("job {}: attempt {}, pages {}, {}", id, record.attempts, record.progress,
                                    record.result));
    return lines;
}

}  // namespace print
