#pragma once

#include "fuzz/support/engine_world.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/script_ledger.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::fuzz {

/// A whole engine between an application and its peers, all three driven by the input: peers feed bytes in
/// any pieces, take what they like of what the engine writes, stall, end and vanish; the application
/// receives, keeps, answers, posts and closes; time passes. What both ends see is entered in a ledger, which
/// must add up.
class ReactorScript {
public:
    enum class Role { Server, Client };

    ReactorScript(Bytes input, Role role);
    ~ReactorScript();
    void run();

private:
    using Connection = ScriptLedger::Connection;

    static Options optionsOf(unsigned choice);
    void begin();
    void step();

    // The peers.
    void connectPeer(unsigned choice);
    void settleConnect(unsigned choice);
    void makeFrame(unsigned choice);
    void feed(unsigned choice);
    void feedRaw();
    void endPeer(unsigned choice);
    void limitPeer(unsigned choice);
    Connection* pickConnection(unsigned choice);

    // The application.
    void hello();
    void receive(unsigned choice);
    void receiveLater(unsigned choice);
    void answer(unsigned choice);
    void postNew(unsigned choice);
    void waitWritable(unsigned choice);
    void updateReceiver();
    void closeGroup();
    void post(MessagePtr message);
    void onMessage(MessagePtr message, bool keep);
    void answerOne(MessagePtr message);
    ChannelNumber pickChannel();

    void finish();
    void finishAbruptly();
    void receiveEverything();

    Input input_;
    Role role_;
    unsigned choice_;
    EngineWorld world_;
    ScriptLedger ledger_;
    ChannelGroup group_;
    std::deque<MessagePtr> held_;
    asio::cancellation_signal cancelReceive_;
    bool isReceiving_ = false;
    int writableWaits_ = 0;
    ChannelNumber listener_ = 0;
};

}  // namespace tempeh::fuzz
