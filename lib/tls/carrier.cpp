#include "tls/carrier.hpp"

#include "transport/error_classes.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstring>

namespace tempeh::tls {

namespace asio = boost::asio;

const BIO_METHOD* Carrier::method() noexcept {
    // Never freed: an engine may outlive main().
    static const BIO_METHOD* const made = [] {
        BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tempeh stream");
        if (method != nullptr) {
            BIO_meth_set_read_ex(method, &Carrier::onRead);
            BIO_meth_set_write_ex(method, &Carrier::onWrite);
            BIO_meth_set_ctrl(method, &Carrier::onControl);
        }
        return method;
    }();
    return made;
}

BioPtr Carrier::makeBio() noexcept {
    BioPtr bio(method() != nullptr ? BIO_new(method()) : nullptr);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio.get(), this);
    BIO_set_init(bio.get(), 1);
    return bio;
}

void Carrier::note(std::size_t size, const error_code& ec) noexcept {
    rest_ = std::span<const std::byte>(input_).first(size);
    if (size != 0 && !firstByte_) firstByte_ = input_.front();
    isDrained_ = size < input_.size();
    if (ec) end_ = ec;
}

bool Carrier::looksLikeTls() const noexcept {
    constexpr std::byte firstType{20};  // change_cipher_spec, alert, handshake, application_data
    constexpr std::byte lastType{23};
    return !firstByte_ || (*firstByte_ >= firstType && *firstByte_ <= lastType);
}

int Carrier::onRead(BIO* bio, char* into, std::size_t size, std::size_t* done) noexcept {
    auto& self = *static_cast<Carrier*>(BIO_get_data(bio));
    return self.read(bio, std::as_writable_bytes(std::span(into, size)), *done);
}

int Carrier::onWrite(BIO* bio, const char* from, std::size_t size, std::size_t* done) noexcept {
    auto& self = *static_cast<Carrier*>(BIO_get_data(bio));
    return self.write(bio, std::as_bytes(std::span(from, size)), *done);
}

long Carrier::onControl(BIO* bio, int command, long, void*) noexcept {
    const auto& self = *static_cast<const Carrier*>(BIO_get_data(bio));
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return self.end_ ? 1 : 0;
    return 0;
}

int Carrier::read(BIO* bio, std::span<std::byte> into, std::size_t& done) noexcept {
    BIO_clear_retry_flags(bio);
    done = 0;
    if (!rest_.empty()) {
        done = std::min(rest_.size(), into.size());
        std::memcpy(into.data(), rest_.data(), done);
        rest_ = rest_.subspan(done);
        return 1;
    }
    if (end_) return 0;
    error_code ec;
    done = stream_.readSome(into, ec);
    isDrained_ = done < into.size();
    if (done != 0) {
        if (!firstByte_) firstByte_ = into.front();
        return 1;
    }
    if (ec == asio::error::would_block || ec == asio::error::try_again)
        BIO_set_retry_read(bio);
    else
        end_ = ec;
    return 0;
}

int Carrier::write(BIO* bio, std::span<const std::byte> from, std::size_t& done) noexcept {
    BIO_clear_retry_flags(bio);
    error_code ec = writeError_;
    done = 0;
    if (!ec) done = stream_.writeSome(std::span<const std::span<const std::byte>>(&from, 1), ec);
    if (!ec && done != 0) return 1;
    if (!ec || ec == asio::error::would_block || ec == asio::error::try_again) {
        BIO_set_retry_write(bio);
        return 0;
    }
    writeError_ = ec;
    if (isEstablished_ || !transport::isOfPeer(ec)) return 0;
    done = from.size();
    return 1;
}

}  // namespace tempeh::tls
