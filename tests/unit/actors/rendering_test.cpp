#include <tempeh/actors/stats.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tempeh::actors {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, FindsPercentilesWithinAFactorOfTwo) {
    Histogram histogram;
    EXPECT_EQ(histogram.percentile(0.5), 0ns);
    histogram.add(1us, 98);
    histogram.add(3ms);
    histogram.add(2s);
    EXPECT_EQ(histogram.count(), 100U);
    EXPECT_GE(histogram.percentile(0.5), 1us);
    EXPECT_LE(histogram.percentile(0.5), 2us);
    EXPECT_GE(histogram.percentile(0.99), 3ms);
    EXPECT_LE(histogram.percentile(0.99), 6ms);
    EXPECT_GE(histogram.percentile(1), 2s);
    EXPECT_LE(histogram.percentile(1), 4s);
}

TEST(Histogram, TakesEveryLength) {
    for (const Duration length : {Duration::min(), Duration(-1), Duration(0), Duration(1), Duration::max()})
        EXPECT_LT(Histogram::bucketOf(length), Histogram::buckets);
    for (std::size_t bucket = 1; bucket + 1 < Histogram::buckets; ++bucket) {
        EXPECT_EQ(Histogram::bucketOf(Histogram::limitOf(bucket) - 1ns), bucket);
        EXPECT_EQ(Histogram::bucketOf(Histogram::limitOf(bucket)), bucket + 1);
    }
}

TEST(Histogram, Adds) {
    Histogram one;
    Histogram other;
    one.add(1ms);
    other.add(1s, 3);
    one += other;
    EXPECT_EQ(one.count(), 4U);
    EXPECT_GE(one.percentile(0.9), 1s);
    EXPECT_EQ(one.inBucket(Histogram::bucketOf(1s)), 3U);
}

SystemStats sample() {
    ActorStats counter{
        .name = "counter", .type = "Counter", .alive = 1, .handled = 12, .depth = 3, .highWater = 7};
    counter.inHandlers.add(1us);
    ActorStats all = counter;
    all.name.clear();
    return {.types = {all}, .actors = {counter}, .alive = 2, .deadLetters = 5};
}

TEST(Rendering, WritesStatsAsJson) {
    const std::string one =
        R"("type":"Counter","alive":1,"handled":12,"failed":0,"refused":0,"restarts":0,"depth":3,"highWater":7,)"
        R"("inHandlers":{"count":1,"p50":1.024,"p99":1.024,"p999":1.024},)"
        R"("waited":{"count":0,"p50":0.000,"p99":0.000,"p999":0.000}})";
    EXPECT_EQ(toJson(sample()), R"({"alive":2,"deadLetters":5,"types":[{)" + one +
                                    R"(],"actors":[{"name":"counter",)" + one + "]}");
    EXPECT_EQ(toJson(SystemStats()), R"({"alive":0,"deadLetters":0,"types":[],"actors":[]})");
}

TEST(Rendering, WritesStatsAsATable) {
    EXPECT_EQ(toText(sample()),
              "2 alive, 5 dead letters\n"
              "actor     alive     handled  failed  refused  restarts   waits    most  p99 busy  p99 wait\n"
              "Counter       1          12       0        0         0       3       7   1.02 us      0 us\n"
              "counter       1          12       0        0         0       3       7   1.02 us      0 us\n");
}

std::vector<ActorView> tree() {
    const ActorView child{.name = "counter",
                          .type = "Counter",
                          .state = "Alive",
                          .doing = "handles Add for 0.1 s, has not returned",
                          .description = "total \"3\"\n",
                          .depth = 2,
                          .restarts = 1};
    const ActorView nameless{.name = "Worker#7", .type = "Worker", .state = "Stopping", .doing = "nothing"};
    return {{.name = "root", .state = "Alive", .doing = "nothing", .children = {child, nameless}}};
}

TEST(Rendering, WritesTheTreeForPeople) {
    EXPECT_EQ(toText(tree()),
              "root\n"
              "  counter (Counter), handles Add for 0.1 s, has not returned, 2 waiting, 1 restarts: total "
              "\"3\"\\x0a\n"
              "  Worker#7, Stopping\n");
}

TEST(Rendering, WritesTheTreeAsJson) {
    EXPECT_EQ(
        toJson(tree()),
        R"([{"name":"root","type":"","state":"Alive","doing":"nothing","depth":0,"restarts":0,"children":[)"
        R"({"name":"counter","type":"Counter","state":"Alive",)"
        R"("doing":"handles Add for 0.1 s, has not returned","description":"total \"3\"\u000a",)"
        R"("depth":2,"restarts":1,"children":[]},)"
        R"({"name":"Worker#7","type":"Worker","state":"Stopping","doing":"nothing","depth":0,"restarts":0,)"
        R"("children":[]}]}])");
}

}  // namespace
}  // namespace tempeh::actors
