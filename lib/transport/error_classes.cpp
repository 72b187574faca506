#include "transport/error_classes.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

namespace tempeh::transport {

namespace asio = boost::asio;
namespace errc = boost::system::errc;

Status connectStatus(const error_code& ec) noexcept {
    if (!ec) return Status::Success;
    if (ec.category() == statusCategory()) return statusFromRaw(static_cast<std::uint8_t>(ec.value()));
    if (ec == asio::error::eof || ec == errc::connection_reset || ec == errc::broken_pipe) {
        return Status::PeerDisconnected;
    }
    return Status::ConnectFailed;
}

bool isOfPeer(const error_code& ec) noexcept {
    return ec == errc::broken_pipe || ec == errc::connection_reset || ec == errc::connection_aborted ||
           ec == errc::timed_out || ec == errc::not_connected || ec == errc::network_down ||
           ec == errc::network_unreachable || ec == errc::host_unreachable;
}

bool isOutOfResources(const error_code& ec) noexcept {
    return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
           ec == errc::no_buffer_space || ec == errc::not_enough_memory ||
           ec == errc::no_space_on_device;  // the limit on descriptors watched by epoll
}

}  // namespace tempeh::transport
