#include "machines/end_cause.hpp"

namespace tempeh::machines {

std::string_view describe(EndCause cause) noexcept {
    switch (cause) {
        case EndCause::LocalClose:
            return "closed locally";
        case EndCause::ByeDone:
            return "bye exchanged";
        case EndCause::PeerClosed:
            return "the peer closed the connection";
        case EndCause::ConnectFailed:
            return "could not connect";
        case EndCause::ConnectTimeout:
            return "no connection within connectTimeout";
        case EndCause::HelloTimeout:
            return "no HelloRequest within helloTimeout";
        case EndCause::ByeTimeout:
            return "no ByeResponse within byeTimeout";
        case EndCause::Violation:
            return "the peer broke the protocol";
        case EndCause::Failure:
            return "local failure";
        case EndCause::Shutdown:
            return "the engine shut down";
        case EndCause::FrameTimeout:
            return "a frame made no progress within frameTimeout";
        case EndCause::WriteTimeout:
            return "the peer accepted no data within writeTimeout";
        case EndCause::Refused:
            return "the peer refused the hello";
    }
    return "unknown";
}

}  // namespace tempeh::machines
