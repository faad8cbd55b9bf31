#include "certs/internal.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

/* Chains in the wild have two or three; every step costs a signature's verification. */
enum { DEPTH_MAX = 16 };

static const int purposes[] = {
    [CERT_FOR_ANYTHING] = 0,
    [CERT_FOR_SERVER] = X509_PURPOSE_SSL_SERVER,
    [CERT_FOR_CLIENT] = X509_PURPOSE_SSL_CLIENT,
};

/* OpenSSL's reasons for "nobody we trust signed it". */
static bool is_untrusted(int reason)
{
    return reason == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           reason == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           reason == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
           reason == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           reason == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || reason == X509_V_ERR_CERT_UNTRUSTED;
}

static bool explain(X509_STORE_CTX *context, int64_t now, struct error *err)
{
    int reason = X509_STORE_CTX_get_error(context);
    if (reason == X509_V_ERR_OUT_OF_MEM)
        return error_set(err, ERROR_NO_MEMORY, "out of memory");
    X509 *at = X509_STORE_CTX_get_current_cert(context);
    AUTO_CERT_FACTS struct cert_facts facts = {0};
    if (!at || !cert_facts_of(at, &facts, NULL))
        return error_set(err, ERROR_CONFLICT, "%s", X509_verify_cert_error_string(reason));
    if (reason == X509_V_ERR_CERT_HAS_EXPIRED || reason == X509_V_ERR_CERT_NOT_YET_VALID) {
        /* OpenSSL leaves out the last second of the validity. */
        if (cert_facts_valid_at(&facts, now, err))
            error_set(err, ERROR_RANGE, "the certificate expires in this second");
    } else if (is_untrusted(reason)) {
        error_set(err, ERROR_CONFLICT, "no CA that is trusted signed it");
    } else {
        error_set(err, ERROR_CONFLICT, "%s", X509_verify_cert_error_string(reason));
    }
    return error_wrap(err, "'%s'", facts.subject);
}

static bool configure(X509_STORE_CTX *context, int64_t now, enum cert_purpose purpose)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)now);
    X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
    /* Level 1 asks for 80 bits: RSA from 1024 bits on, but no SHA-1. */
    X509_VERIFY_PARAM_set_auth_level(param, 1);
    return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
           (!purposes[purpose] || X509_STORE_CTX_set_purpose(context, purposes[purpose]) == 1);
}

static bool verify(X509_STORE *store, STACK_OF(X509) * chain, int64_t now,
                   enum cert_purpose purpose, struct error *err)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready = context && X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) &&
                 configure(context, now, purpose);
    bool ok = ready && X509_verify_cert(context) == 1;
    if (!ready)
        cert_openssl_error(err, ERROR_NO_MEMORY, "chain");
    else if (!ok)
        explain(context, now, err);
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return ok;
}

static bool verify_by(X509 *anchor, STACK_OF(X509) * chain, int64_t now, enum cert_purpose purpose,
                      struct error *err)
{
    X509_STORE *store = X509_STORE_new();
    bool ok = store && X509_STORE_add_cert(store, anchor);
    if (!ok)
        error_set(err, ERROR_NO_MEMORY, "out of memory");
    else
        ok = verify(store, chain, now, purpose, err);
    X509_STORE_free(store);
    return ok;
}

bool cert_chain_check(const char *leaf_pem, size_t leaf_length, const char *ca_pem,
                      size_t ca_length, int64_t now, enum cert_purpose purpose, struct error *err)
{
    AUTO_CHAIN STACK_OF(X509) *chain = NULL;
    AUTO_CHAIN STACK_OF(X509) *anchors = NULL;
    if (!cert_chain_read(leaf_pem, leaf_length, &chain, err))
        return error_wrap(err, "certificate");
    if (!cert_chain_read(ca_pem, ca_length, &anchors, err))
        return error_wrap(err, "CA");
    /* One anchor at a time: among CAs of one name, as a renewal leaves them, OpenSSL takes the
     * first that looks right and does not come back for the next. Of several reasons, a date is the
     * one that says most: the signature was right there. */
    struct error worst = {0};
    for (int i = 0; i < sk_X509_num(anchors); i++) {
        struct error reason = {0};
        if (verify_by(sk_X509_value(anchors, i), chain, now, purpose, &reason))
            return true;
        if (worst.code == ERROR_NONE || reason.code == ERROR_RANGE)
            worst = reason;
    }
    return error_set(err, worst.code, "%s", worst.message);
}
