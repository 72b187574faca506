#pragma once

#include "tls/handles.hpp"

#include <memory>
#include <openssl/evp.h>
#include <string>
#include <vector>

/// A public key infrastructure of the test's own, made while it runs.
namespace tempeh::test {

struct ReleaseKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, ReleaseKey>;

/// What a certificate says.
struct Subject {
    std::string name = "server";
    std::string alternativeNames = "DNS:localhost,IP:127.0.0.1,IP:::1";
    std::string usage = "serverAuth,clientAuth";
    int fromDay = -1;  ///< Of its validity, counted from now.
    int toDay = 30;
    int toSecond = 0;  ///< Of that day.
};

/// A certificate, with those above it except the root, and its key, as PEM.
struct Identity {
    std::string chain;
    std::string key;
    long serial = 0;
};

/// A certificate authority: a root, or an intermediate one.
class Authority {
public:
    explicit Authority(const std::string& name);
    /// An intermediate one that `parent` has signed.
    Authority(const std::string& name, const Authority& parent);

    Identity issue(const Subject& subject = {}) const;
    /// A list of revoked serial numbers, as PEM.
    std::string revoke(const std::vector<long>& serials) const;
    const std::string& pem() const noexcept { return pem_; }

private:
    const KeyPtr key_;
    tls::X509Ptr certificate_;
    std::string pem_;
    std::string above_;  // PEM of the intermediate ones, this one included; not of the root
};

/// A folder for files that goes with all of them.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    /// Writes the file, or writes it anew, and returns its path.
    std::string write(const std::string& name, const std::string& text) const;
    std::string path(const std::string& name) const { return path_ + '/' + name; }

private:
    std::string path_;
};

}  // namespace tempeh::test
