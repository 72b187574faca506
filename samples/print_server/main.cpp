// Shows: a whole application: a print spooler, and the workers that connect to it for jobs (see
// protocol.hpp). Use it when: you want to see how messages, headers, streams, signals and byes make up a
// protocol of your own. Prints: what became of each job, and of the worker that nobody needs.

#include "spooler.hpp"
#include "worker.hpp"

#include <tempeh/core/reactor.hpp>
#include <tempeh/flows/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <future>
#include <string>
#include <utility>
#include <vector>

namespace {

std::string documentOf(int pages, char dot) {
    std::string text;
    for (int page = 0; page < pages; ++page)
        text += std::string(10'000, dot) + std::string(500, ' ') + print::endOfPage;
    return text;
}

std::vector<print::Job> jobs() {
    std::string broken = documentOf(5, '#');
    broken[31'000] = '\0';
    return {{1001, "PDF", "JDF", 3, documentOf(3, '*')},
            {1002, "PDF", "JDF", 8, documentOf(8, '*')},
            {1003, "PDF", "PPD", 1, documentOf(1, '*')},
            {2001, "PS", "PPD", 2, documentOf(2, '#')},
            {2002, "PS", "PPD", 5, std::move(broken)}};
}

}  // namespace

int main() {
    tempeh::Reactor engine;
    print::Spooler spooler(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}}, jobs());
    const tempeh::Address address = spooler.addresses().front();
    const auto start = [&engine](print::asio::awaitable<void> coroutine) {
        return print::asio::co_spawn(engine.executor(), std::move(coroutine), print::asio::use_future);
    };
    auto allDone = start(spooler.run());

    print::Worker plotter(engine, address, "HPGL");
    try {
        start(plotter.run()).get();
    } catch (const tempeh::flows::Refused& refusal) {
        fmt::print("a plotter is refused with status {}\n", refusal.rawStatus());
    }

    print::Worker old(engine, address, "PDF", 2);  // breaks in its first job, which goes to another
    start(old.run()).get();

    // One worker for PostScript, one for PDF with a licence for two jobs at a time.
    print::Worker postScript(engine, address, "PS");
    print::Worker pdf[] = {{engine, address, "PDF"}, {engine, address, "PDF"}};
    std::vector<std::future<void>> working;
    working.push_back(start(postScript.run()));
    for (print::Worker& licence : pdf)
        working.push_back(start(licence.run()));

    allDone.get();
    for (std::future<void>& worker : working)
        worker.get();
    for (const std::string& line : spooler.journal())
        fmt::print("{}\n", line);
}
