// System::stats() and System::inspect().

#include <tempeh/actors.hpp>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::actors::inspected {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

struct Count {
    using Reply = int;
};
struct Crash {};
struct Hold {
    std::shared_future<void> until;
};

class Watched {
public:
    explicit Watched(Context&) {}
    int handle(Count) { return ++count_; }
    void handle(Crash) { throw std::runtime_error("on purpose"); }
    void handle(Hold hold) { hold.until.wait(); }
    std::string describe() const { return "at " + std::to_string(count_); }

private:
    int count_ = 0;
};

class Parent {
public:
    explicit Parent(Context& self) : child_(self.spawn<Watched>({.name = "child"})) {}
    int handle(Count) { return 0; }

private:
    Ref<Watched> child_;
};

TEST(ActorStats, CountByClassAndByName) {
    System system;
    const auto named = system.spawn<Watched>({.name = "named"}).blocking();
    const auto nameless = system.spawn<Watched>().blocking();
    for (int i = 0; i < 200; ++i)
        named.ask<Count>(30s);
    for (int i = 0; i < 3; ++i)
        nameless.ask<Count>(30s);
    SystemStats stats = system.stats();
    while (stats.types.empty() || stats.types[0].handled < 203)
        stats = system.stats();  // a message is counted once its answer is on its way
    EXPECT_EQ(stats.alive, 2U);
    EXPECT_EQ(stats.deadLetters, 0U);
    ASSERT_EQ(stats.types.size(), 1U);
    EXPECT_THAT(stats.types[0].type, HasSubstr("Watched"));
    EXPECT_EQ(stats.types[0].alive, 2U);
    EXPECT_EQ(stats.types[0].handled, 203U);
    ASSERT_EQ(stats.actors.size(), 1U) << "the nameless one is in its class only";
    EXPECT_EQ(stats.actors[0].name, "named");
    EXPECT_EQ(stats.actors[0].handled, 200U);
    EXPECT_GE(stats.actors[0].waited.count(), 2U) << "one message in 64 is timed";
    EXPECT_EQ(stats.actors[0].waited.count(), stats.actors[0].inHandlers.count());
}

TEST(ActorStats, KeepTheSumsOfThoseThatEnded) {
    System system;
    {
        const Ref<Watched> brief = system.spawn<Watched>({.name = "brief"});
        brief.blocking().ask<Count>(30s);
        brief.tell(Crash{});
        EXPECT_THROW(brief.blocking().ask<Count>(30s), Error);
    }
    while (system.stats().alive != 0)
        std::this_thread::yield();
    const SystemStats stats = system.stats();
    EXPECT_TRUE(stats.actors.empty());
    ASSERT_EQ(stats.types.size(), 1U);
    EXPECT_EQ(stats.types[0].alive, 0U);
    EXPECT_EQ(stats.types[0].handled, 1U);
    EXPECT_EQ(stats.types[0].failed, 1U);
}

TEST(ActorStats, CountWhatAFullMailboxRefuses) {
    System system;
    std::promise<void> done;
    const std::shared_future<void> until = done.get_future().share();
    const Ref<Watched> full = system.spawn<Watched>({.name = "full", .mailbox = {.capacity = 2}});
    full.tell(Hold{until});
    int refused = 0;
    while (refused < 5)
        refused += full.tell(Hold{until}) == Errc::MailboxFull ? 1 : 0;
    const SystemStats stats = system.stats();
    EXPECT_EQ(stats.actors.at(0).refused, 5U);
    EXPECT_EQ(stats.deadLetters, 5U);
    done.set_value();
}

TEST(Inspection, ShowsTheTreeWithDescriptions) {
    System system;
    const Supervisor root = system.supervise({.name = "root"}, child<Parent>("parent"));
    system.spawn<Watched>({.name = "other"}).blocking().ask<Count>(30s);
    while (!system.find<Watched>("child"))
        std::this_thread::yield();
    system.find<Watched>("child").blocking().ask<Count>(30s);
    const std::vector<ActorView> roots = system.inspect(30s);
    ASSERT_THAT(roots, ElementsAre(Field(&ActorView::name, "root"), Field(&ActorView::name, "other")));
    EXPECT_EQ(roots[1].description, "at 1");
    EXPECT_EQ(roots[1].state, "Alive");
    EXPECT_EQ(roots[1].doing, "nothing");
    ASSERT_EQ(roots[0].children.size(), 1U);
    const ActorView& parent = roots[0].children[0];
    EXPECT_EQ(parent.name, "parent");
    ASSERT_EQ(parent.children.size(), 1U);
    EXPECT_EQ(parent.children[0].name, "child");
    EXPECT_EQ(parent.children[0].description, "at 1");
}

TEST(Inspection, ShowsAHandlerThatDoesNotReturn) {
    System system;
    std::promise<void> done;
    const Ref<Watched> held = system.spawn<Watched>({.name = "held"});
    held.tell(Hold{done.get_future().share()});
    std::vector<ActorView> roots;
    do {
        roots = system.inspect(1ms);
    } while (roots.at(0).doing.find("Hold") == std::string::npos);
    EXPECT_THAT(roots[0].doing, HasSubstr("has not returned"));
    EXPECT_EQ(roots[0].description, "") << "its thread is held up";
    done.set_value();
}

TEST(Inspection, DescribesOnACallersContextWhetherItRunsOrNot) {
    asio::io_context context;
    System system(context.get_executor());
    system.spawn<Watched>({.name = "one"});
    context.poll();
    EXPECT_EQ(system.inspect(30s).at(0).description, "at 0");
    context.restart();
}

}  // namespace
}  // namespace tempeh::actors::inspected
