#pragma once

#include "hostile/scene.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

/// What peers do wrong, and what it costs.
namespace tempeh::test::hostile {

/// What the application sees of it.
enum class Sees {
    Nothing,   ///< It never heard of the connection, which ends.
    Closed,    ///< ChannelClosed with the reason.
    Messages,  ///< Messages; the channel stays.
};

struct Case {
    std::string name;
    std::string input;  ///< For people.
    bool afterHello = true;
    Sees sees = Sees::Closed;
    std::string status = {};  ///< The name with which `~reason` begins.
    std::string reason = {};  ///< A part of `~reason`.
    std::uint64_t EngineStats::*counter = nullptr;
    std::function<void(Scene&, raw::Peer&)> act;
    Options options = Options{.helloTimeout = patience, .byeTimeout = patience, .frameTimeout = patience};
};

inline std::ostream& operator<<(std::ostream& out, const Case& one) {
    return out << one.name;
}

std::vector<Case> slowPeers();
std::vector<Case> lostPeers();
std::vector<Case> nonsensePeers();
std::vector<Case> oddByes();

}  // namespace tempeh::test::hostile
