#include "tls/peer_certificate.hpp"

#include "tls/name_kind.hpp"

#include <array>
#include <cstddef>
#include <ctime>
#include <openssl/asn1.h>
#include <openssl/evp.h>

namespace tempeh::tls {

namespace {

using Clock = std::chrono::system_clock;

std::string textOf(const X509_NAME* name) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    if (out == nullptr) throw std::bad_alloc();
    X509_NAME_print_ex(out.get(), name, 0,
                       XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string textOf(const ASN1_STRING* text) {
    const unsigned char* const data = ASN1_STRING_get0_data(text);
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string ipText(const ASN1_OCTET_STRING* octets) {
    const unsigned char* const data = ASN1_STRING_get0_data(octets);
    const int size = ASN1_STRING_length(octets);
    if (size == 4) return addressText(std::span<const unsigned char, 4>(data, 4));
    if (size == 16) return addressText(std::span<const unsigned char, 16>(data, 16));
    return {};
}

std::string textOf(const GENERAL_NAME& name) {
    switch (name.type) {
        case GEN_DNS:
            return "DNS:" + textOf(name.d.dNSName);
        case GEN_IPADD:
            return "IP:" + ipText(name.d.iPAddress);
        case GEN_URI:
            return "URI:" + textOf(name.d.uniformResourceIdentifier);
        case GEN_EMAIL:
            return "email:" + textOf(name.d.rfc822Name);
        default:
            return {};
    }
}

std::vector<std::string> namesOf(const X509& certificate) {
    std::vector<std::string> texts;
    const GeneralNamesPtr names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (names == nullptr) return texts;
    for (int i = 0; i != sk_GENERAL_NAME_num(names.get()); ++i)
        if (std::string text = textOf(*sk_GENERAL_NAME_value(names.get(), i)); !text.empty())
            texts.push_back(std::move(text));
    return texts;
}

std::string fingerprintOf(const X509& certificate) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    std::string text;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return text;
    for (const unsigned char byte : std::span(digest).first(size)) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

/// The far end of the clock for a date beyond it.
Clock::time_point timeOf(const ASN1_TIME* time) {
    int days = 0;
    int seconds = 0;
    const std::time_t now = Clock::to_time_t(Clock::now());
    ASN1_TIME* const nowTime = ASN1_TIME_set(nullptr, now);
    const bool isKnown = nowTime != nullptr && ASN1_TIME_diff(&days, &seconds, nowTime, time) == 1;
    ASN1_STRING_free(nowTime);
    if (!isKnown) return {};
    constexpr int mostDays = 365 * 200;  // and the clock ends in the year 2262
    if (days > mostDays) return Clock::time_point::max();
    if (days < -mostDays) return Clock::time_point::min();
    return Clock::from_time_t(now) + std::chrono::hours(24) * days + std::chrono::seconds(seconds);
}

}  // namespace

std::shared_ptr<const PeerCertificate> describe(X509& certificate, bool isVerified) {
    auto described = std::make_shared<PeerCertificate>();
    described->subject = textOf(X509_get_subject_name(&certificate));
    described->issuer = textOf(X509_get_issuer_name(&certificate));
    described->names = namesOf(certificate);
    described->fingerprint = fingerprintOf(certificate);
    described->notBefore = timeOf(X509_get0_notBefore(&certificate));
    described->notAfter = timeOf(X509_get0_notAfter(&certificate));
    described->isVerified = isVerified;
    return described;
}

bool isFor(X509& certificate, const std::string& name) noexcept {
    if (isIpAddress(name)) return X509_check_ip_asc(&certificate, name.c_str(), 0) == 1;
    return X509_check_host(&certificate, name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                           nullptr) == 1;
}

}  // namespace tempeh::tls
