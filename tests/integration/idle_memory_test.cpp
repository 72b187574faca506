// What a connection costs that has said hello and been used once.

#include "support/allocation_counter.hpp"
#include "support/engine_fixture.hpp"

#include <cstddef>
#include <malloc.h>

namespace tempeh::test {
namespace {

constexpr std::size_t connections = 200;
// For each, on each side: 2.5 KiB, and a tenth for what the counting operator new rounds up.
constexpr std::size_t mayCost = 2816;

/// Opens a connection and lets a request be answered on it.
void useOnce(Side& client, Side& server, const Address& address) {
    const BinaryHeader hello = client->sayHello(address);
    server->acceptHello();
    client->next(OpCode::HelloResponse);
    client->post(OpCode::Request, hello.channelNumber, std::string(256, 'x'));
    MessagePtr request = server->next(OpCode::Request);
    request->header.opCode = OpCode::Response;
    server->post(std::move(request));
    client->next(OpCode::Response);
}

#ifdef __GLIBC__
TEST(IdleMemory, AConnectionThatNobodyUsesCostsLittle) {
    if (!hasOperatorNew()) GTEST_SKIP() << "the sanitizer's memory has other sizes";
    const Options smallPool{.initialPoolMessages = 8, .maxPoolMessages = 8};  // all used before it begins
    Side client(smallPool);
    Side server(smallPool);
    const Listening listening = server->listen(UdsServerAddress{});
    for (int i = 0; i < 20; ++i)
        useOnce(client, server, listening.address);
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < connections; ++i)
        useOnce(client, server, listening.address);
    const std::size_t each = (mallinfo2().uordblks - before) / (2 * connections);
    EXPECT_LE(each, mayCost);
    RecordProperty("bytes", static_cast<int>(each));
}
#endif

}  // namespace
}  // namespace tempeh::test
