#pragma once

/// TLS and mutual TLS: `tls|HOST|PORT`. A library of its own, tempeh::tls, which needs OpenSSL.
#include <tempeh/tls/tls_address.hpp>
#include <tempeh/tls/tls_context.hpp>
#include <tempeh/tls/tls_options.hpp>
