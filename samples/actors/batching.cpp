// Shows: rows that are written a hundred at a time, or after a while if there are fewer.
// Use it when: one write costs nearly as much as a hundred.
// Prints: how many writes there were, and that no row is missing.

#include <tempeh/actors.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstddef>

namespace actors = tempeh::actors;
using namespace std::chrono_literals;

struct Row {
    int number;
};
struct Written {
    std::size_t rows = 0;
    std::size_t writes = 0;
};
struct HowMany {
    using Reply = Written;
};

class Writer {
public:
    explicit Writer(actors::Context&) {}
    void handle(actors::Batch<Row> batch) {  // one write for all of them
        written_.rows += batch.items.size();
        ++written_.writes;
    }
    Written handle(HowMany) { return written_; }

private:
    Written written_;
};

int main() {
    actors::System system;
    const auto writer = system.spawn<Writer>({.name = "writer"});
    const auto rows =
        system.spawn<actors::Batcher<Row>>({.name = "rows"}, writer, actors::BatcherOptions{.maxDelay = 1h});
    for (int row = 0; row < 1050; ++row)
        rows.tell(Row{row});
    rows.blocking().ask<actors::Flush>(10s);  // does not wait for the hour to pass
    const Written written = writer.blocking().ask<HowMany>(10s);
    fmt::print("{} rows in {} writes\n", written.rows, written.writes);
}
