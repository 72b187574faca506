#include "flows/stream/exchange_table.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <unordered_map>

namespace tempeh::flows::detail {
namespace {

class Probe final : public Exchange {
public:
    void onMessage(MessagePtr&, WokenList&) noexcept override {}
    void onEnd(WokenList&) noexcept override { ++ends; }
    int ends = 0;
};

TEST(ExchangeTable, FindsWhatIsInIt) {
    assertHubLocked();
    ExchangeTable table;
    EXPECT_EQ(table.find(1), nullptr);
    Probe probe;
    EXPECT_TRUE(table.insert(1, probe));
    EXPECT_TRUE(probe.isEnlisted());
    EXPECT_EQ(probe.id(), 1U);
    EXPECT_EQ(table.find(1), &probe);
    EXPECT_EQ(table.find(2), nullptr);
    table.erase(probe);
    EXPECT_FALSE(probe.isEnlisted());
    EXPECT_EQ(table.find(1), nullptr);
    table.erase(probe);
    EXPECT_EQ(table.size(), 0U);
}

TEST(ExchangeTable, RefusesAnIdThatIsTaken) {
    assertHubLocked();
    ExchangeTable table;
    Probe first;
    Probe second;
    EXPECT_TRUE(table.insert(7, first));
    EXPECT_FALSE(table.insert(7, second));
    EXPECT_FALSE(second.isEnlisted());
    EXPECT_EQ(table.find(7), &first);
}

TEST(ExchangeTable, KeepsManyApartWhateverTheirIds) {
    assertHubLocked();
    ExchangeTable table;
    std::deque<Probe> probes(5000);
    std::unordered_map<MessageId, Probe*> expected;
    std::mt19937_64 random(5);
    for (std::size_t i = 0; i < probes.size(); ++i) {
        // Sequential ones, ones that differ in the high half only, and any.
        const MessageId ids[] = {i + 1, (i + 1) << 32U, random()};
        const MessageId id = ids[i % 3];
        if (table.insert(id, probes[i])) expected[id] = &probes[i];
    }
    EXPECT_EQ(table.size(), expected.size());
    for (const auto& [id, probe] : expected)
        ASSERT_EQ(table.find(id), probe);
    for (std::size_t i = 0; i < probes.size(); i += 2) {
        expected.erase(probes[i].id());
        table.erase(probes[i]);
    }
    EXPECT_EQ(table.size(), expected.size());
    for (const auto& [id, probe] : expected)
        ASSERT_EQ(table.find(id), probe);
}

TEST(ExchangeTable, TellsTheEndToEveryOneOnce) {
    assertHubLocked();
    ExchangeTable table;
    std::deque<Probe> probes(100);
    for (std::size_t i = 0; i < probes.size(); ++i)
        table.insert(i, probes[i]);
    WokenList woken;
    table.endAll(woken);
    for (const Probe& probe : probes)
        ASSERT_EQ(probe.ends, 1);
}

}  // namespace
}  // namespace tempeh::flows::detail
