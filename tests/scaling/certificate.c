#include "tests/scaling/shapes.h"

#include "kube/cleanup.h"
#include "tests/support/certificate.h"

#include <string.h>

static char *alternative_names(size_t size)
{
    char *text = NULL;
    size_t length;
    AUTO_FILE FILE *out = open_memstream(&text, &length);
    fputs("DNS:etcd-main", out);
    for (size_t i = 0; i < size / strlen(",DNS:h00000"); i++)
        fprintf(out, ",DNS:h%05zu", i);
    return fclose(TAKE(out)) == 0 ? text : NULL;
}

static char *in_json(const char *pem)
{
    char *text = NULL;
    size_t length;
    AUTO_FILE FILE *out = open_memstream(&text, &length);
    for (const char *c = pem; *c; c++)
        fputs(*c == '\n' ? "\\n" : (const char[]){*c, '\0'}, out);
    return fclose(TAKE(out)) == 0 ? text : NULL;
}

void shape_certificate(size_t size, char **certificate, char **key)
{
    AUTO_FREE char *names = alternative_names(size);
    const struct test_certificate spec = {.alternative_names = names, .ca = true};
    struct test_identity *identity = test_identity_new(&spec);
    *certificate = in_json(identity->cert);
    *key = in_json(identity->key);
    test_identity_free(identity);
}
