#pragma once

#include "faults/world.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace tempeh::faults {

enum class Net { Tcp, Name, Unix, Abstract, Tls };

/// How the client leaves.
enum class Farewell { Bye, ByeSignal, DropGroup, Shutdown };

/// What happens in a conversation.
struct Script {
    Net net = Net::Tcp;
    std::vector<std::size_t> bodies;  // sent by the client; each comes back in an answer
    Farewell farewell = Farewell::Bye;
    bool isUpdating = false;     // updateReceiver, waitReceive with a timeout
    bool waitsWritable = false;  // waitWritable before each message
    bool usesFutures = false;    // waitReceive as an Asio operation, and waitWritable
    std::string path = {};       // of the Unix socket; empty: a temporary one
};

/// One group of an engine plays server and client, from listening to the last ChannelClosed, whatever fails
/// on the way. The test's own work is spared; calls of the library's are exposed.
class Conversation {
public:
    Conversation(Ampe& engine, Script script);

    /// Until everything has ended; what was wrong, one a line.
    std::string run();

private:
    bool open();
    bool isOver() const;
    void take(MessagePtr message);
    void takeFromEngine(const Message& message);
    void onHello(MessagePtr message);
    void onListening(const Message& message);
    void sendAll();
    void maybeLeave();
    void leave();
    BinaryHeader post(MessagePtr message);
    MessagePtr make(OpCode opCode, ChannelNumber channel = 0);
    MessagePtr receive();
    MessagePtr receiveOnce(Duration timeout, error_code& ec);
    void shutDown();
    void complain(const std::string& what) { wrong_ += what + "\n"; }

    Ampe& engine_;
    const Script script_;
    ChannelGroup group_;
    Ledger ledger_;
    std::string wrong_;
    std::map<ChannelNumber, bool> isClosed_;  // of the channels the application knows
    ChannelNumber listener_ = 0;
    ChannelNumber client_ = 0;
    std::uint64_t hellosPosted_ = 0;
    std::uint64_t controlPosted_ = 0;
    std::size_t answers_ = 0;
    bool hasLeft_ = false;
    bool isListenerTold_ = false;
    bool isDropped_ = false;
    bool isShutDown_ = false;
};

}  // namespace tempeh::faults
