#include "certs/internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* RFC 1123 lets a label begin with a digit, but keeps it to 63 characters. */
static bool is_label(const char *label, size_t length)
{
    if (length == 0 || length > 63 || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)label[i]) && label[i] != '-')
            return false;
    }
    return true;
}

static bool is_number(const char *label, size_t length)
{
    return strspn(label, "0123456789") >= length;
}

static bool is_dns_name(const char *name)
{
    const char *label = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    for (;;) {
        size_t length = strcspn(label, ".");
        if (!is_label(label, length))
            return false;
        /* "10.0.0.256" is a mistyped address, not a name. */
        if (!label[length])
            return !is_number(label, length);
        label += length + 1;
    }
}

bool cert_name_check(const char *name, bool *is_address, struct error *err)
{
    unsigned char address[16];
    *is_address = inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
    if (*is_address || (strlen(name) <= 253 && is_dns_name(name)))
        return true;
    return error_set(err, ERROR_INVALID,
                     "'%.80s' is neither a DNS name (such as 'druid-bridge.druid-bridge.svc') nor "
                     "an IP address",
                     name);
}
