#include "tls/certificates.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <random>
#include <stdexcept>

namespace tempeh::test {

namespace {

using tls::BioPtr;
using tls::X509Ptr;

constexpr long day = 24L * 60 * 60;

void require(bool isGood, const char* what) {
    if (!isGood) throw std::runtime_error(what);
}

KeyPtr makeKey() {
    KeyPtr key(EVP_EC_gen("P-256"));
    require(key != nullptr, "EVP_EC_gen");
    return key;
}

template <typename Write>
std::string pemOf(Write write) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    require(write(out.get()) == 1, "PEM_write");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pemOf(X509* certificate) {
    return pemOf([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

long nextSerial() {
    static std::atomic<long> last{1000};
    return ++last;
}

void addExtension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    require(extension != nullptr, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

struct Signer {
    X509* certificate;  // null: itself
    EVP_PKEY* key;
};

X509Ptr makeCertificate(const Subject& subject, bool isAuthority, EVP_PKEY* key, const Signer& signer) {
    X509Ptr made(X509_new());
    X509* const certificate = made.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), nextSerial());
    X509_gmtime_adj(X509_getm_notBefore(certificate), subject.fromDay * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), subject.toDay * day + subject.toSecond);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.name.c_str()), -1, -1, 0);
    X509* const issuer = signer.certificate != nullptr ? signer.certificate : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, key);
    addExtension(certificate, issuer, NID_subject_key_identifier, "hash");
    if (isAuthority) {
        addExtension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
        addExtension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        addExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
        addExtension(certificate, issuer, NID_ext_key_usage, subject.usage);
        if (!subject.alternativeNames.empty())
            addExtension(certificate, issuer, NID_subject_alt_name, subject.alternativeNames);
    }
    require(X509_sign(certificate, signer.key, EVP_sha256()) > 0, "X509_sign");
    return made;
}

}  // namespace

Authority::Authority(const std::string& name)
    : key_(makeKey())
    , certificate_(makeCertificate({.name = name}, true, key_.get(), {nullptr, key_.get()}))
    , pem_(pemOf(certificate_.get())) {}

Authority::Authority(const std::string& name, const Authority& parent)
    : key_(makeKey())
    , certificate_(
          makeCertificate({.name = name}, true, key_.get(), {parent.certificate_.get(), parent.key_.get()}))
    , pem_(pemOf(certificate_.get()))
    , above_(pem_ + parent.above_) {}

Identity Authority::issue(const Subject& subject) const {
    const KeyPtr key = makeKey();
    const X509Ptr made = makeCertificate(subject, false, key.get(), {certificate_.get(), key_.get()});
    Identity identity;
    identity.chain = pemOf(made.get()) + above_;
    identity.key = pemOf([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    identity.serial = ASN1_INTEGER_get(X509_get0_serialNumber(made.get()));
    return identity;
}

std::string Authority::revoke(const std::vector<long>& serials) const {
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    ASN1_TIME* const date = ASN1_TIME_new();
    X509_gmtime_adj(date, -day);
    X509_CRL_set1_lastUpdate(list.get(), date);
    for (const long serial : serials) {
        X509_REVOKED* const revoked = X509_REVOKED_new();
        ASN1_INTEGER* const number = ASN1_INTEGER_new();
        ASN1_INTEGER_set(number, serial);
        X509_REVOKED_set_serialNumber(revoked, number);
        X509_REVOKED_set_revocationDate(revoked, date);
        X509_CRL_add0_revoked(list.get(), revoked);
        ASN1_INTEGER_free(number);
    }
    X509_gmtime_adj(date, 30 * day);
    X509_CRL_set1_nextUpdate(list.get(), date);
    ASN1_TIME_free(date);
    X509_CRL_sort(list.get());
    require(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0, "X509_CRL_sign");
    return pemOf([&](BIO* out) { return PEM_write_bio_X509_CRL(out, list.get()); });
}

Folder::Folder() {
    std::random_device random;
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("tempeh_tls_" + std::to_string(random()));
    std::filesystem::create_directory(folder);
    path_ = folder.string();
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
}

}  // namespace tempeh::test
