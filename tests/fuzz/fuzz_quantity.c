/* Quantities, durations, times and base64 from strangers: what is read is written, and means the
 * same. */
#include "kube/base64.h"
#include "kube/duration.h"
#include "kube/quantity.h"
#include "kube/time.h"

#include "kube/cleanup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void must(bool good)
{
    if (!good)
        abort();
}

static void try_quantity(const char *text)
{
    int64_t amount = -1, again;
    char written[KUBE_QUANTITY_SIZE];
    must(kube_quantity_equal(text, text));
    if (!kube_quantity_bytes(text, &amount, NULL)) {
        must(amount == -1);
        return;
    }
    must(amount >= 0);
    kube_quantity_format(amount, written);
    must(kube_quantity_bytes(written, &again, NULL) && again == amount);
    if (kube_quantity_equal(text, written))
        must(kube_quantity_equal(written, text));
}

static void try_duration(const char *text)
{
    int64_t amount = -1, again;
    char written[KUBE_DURATION_SIZE];
    if (!kube_duration_parse(text, &amount, NULL)) {
        must(amount == -1);
        return;
    }
    must(amount >= 0);
    kube_duration_format(amount, written);
    must(strlen(written) + 1 < sizeof written);
    must(kube_duration_parse(written, &again, NULL) && again == amount);
}

static void try_time(const char *text)
{
    int64_t seconds, again;
    char written[KUBE_TIME_SIZE];
    int minute = -1;
    if (kube_time_window_minute(text, &minute, NULL))
        must(minute >= 0 && minute < KUBE_DAY_MINUTES);
    if (!kube_time_parse(text, &seconds, NULL))
        return;
    kube_time_format(seconds, written);
    /* an offset can lead out of the years that have four digits */
    if (kube_time_parse(written, &again, NULL))
        must(again == seconds);
}

static void try_base64(const char *text, size_t text_length)
{
    AUTO_FREE char *encoded = kube_base64_encode(text, text_length);
    AUTO_FREE unsigned char *decoded = NULL;
    size_t length;
    must(kube_base64_decode(encoded, &decoded, &length, NULL));
    must(length == text_length && memcmp(decoded, text, length) == 0);
    AUTO_FREE unsigned char *bytes = NULL;
    if (kube_base64_decode(text, &bytes, &length, NULL))
        must(length <= text_length && bytes[length] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO_FREE char *text = malloc(length + 1);
    memcpy(text, bytes, length);
    text[length] = '\0';
    try_quantity(text);
    try_duration(text);
    try_time(text);
    try_base64(text, length);
    int64_t number = 0;
    memcpy(&number, bytes, length < sizeof number ? length : sizeof number);
    char written[KUBE_TIME_SIZE];
    kube_time_format(number, written);
    return 0;
}
