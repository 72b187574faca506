#include "worker.hpp"

#include <tempeh/flows/connect.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <utility>

namespace print {

namespace flows = tempeh::flows;
using tempeh::MessageId, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

namespace {

/// "pages=3"
int pagesIn(std::string_view ticket) {
    int pages = 0;
    ticket.remove_prefix(std::min(ticket.find('=') + 1, ticket.size()));
    std::from_chars(ticket.data(), ticket.data() + ticket.size(), pages);
    return pages;
}

/// Makes dots of what comes, in pieces that know nothing of pages.
struct Raster {
    int pages = 0;
    std::size_t dots = 0;
    bool isGood = true;

    void add(char c) {
        if (c == endOfPage)
            ++pages;
        else if (c == '\0')
            isGood = false;
        else if (c != ' ')
            ++dots;
    }
};

MessagePtr report(const flows::Peer& spooler, MessageId job, OpCode opCode, int done, int pages) {
    MessagePtr message = spooler.newMessage(opCode);
    message->header.messageId = job;
    message->textHeaders.append(progressHeader, progress(done, pages));
    return message;
}

}  // namespace

Worker::Worker(tempeh::Ampe& engine, tempeh::Address spooler, std::string pdl, int breaksAfter)
    : engine_(engine), spooler_(std::move(spooler)), pdl_(std::move(pdl)), untilBroken_(breaksAfter) {}

asio::awaitable<void> Worker::run() {
    for (bool goesOn = true; goesOn && untilBroken_ > 0;)
        goesOn = co_await doJob();
}

asio::awaitable<bool> Worker::doJob() {
    try {
        const tempeh::TextHeader capability[] = {{pdlHeader, pdl_}};
        flows::Peer spooler = co_await flows::connect(engine_, spooler_, {.headers = capability});
        MessagePtr first = co_await spooler.receive();
        if (first->header.opCode != OpCode::Request) co_return false;  // a bye: there is no job
        co_await process(std::move(spooler), std::move(first));
        co_return true;
    } catch (const flows::Refused& refusal) {
        if (refusal.rawStatus() == unknownPdl) throw;
    } catch (const tempeh::Error&) {  // the spooler has ended
    }
    co_return false;
}

asio::awaitable<void> Worker::process(flows::Peer spooler, MessagePtr ticket) {
    const MessageId job = ticket->header.messageId;
    const int pages = pagesIn(ticket->body.view());
    flows::StreamReader parts(spooler, std::move(ticket));
    co_await parts.next();  // the ticket again, as the first part

    Raster raster;
    while (const MessagePtr part = co_await parts.next()) {
        const int before = raster.pages;
        for (const char c : part->body.view())
            raster.add(c);
        if (raster.pages == before) continue;
        untilBroken_ -= raster.pages - before;
        if (untilBroken_ <= 0) co_return spooler.abort();
        co_await spooler.send(report(spooler, job, OpCode::Signal, raster.pages, pages));
    }

    const bool isGood = raster.isGood && raster.pages == pages;
    MessagePtr bye = report(spooler, job, OpCode::ByeRequest, raster.pages, pages);
    bye->header.status = isGood ? printed : badDocument;
    bye->body.append(isGood ? fmt::format("{} dots", raster.dots) : "the document is broken");
    co_await spooler.close(std::move(bye));  // waits for the ByeResponse
}

}  // namespace print
