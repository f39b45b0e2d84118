/* signal_rule_create: all memory a rule will ever have. */
#include "signal/signal_rule.h"

#include <stdlib.h>

int signal_rule_create(uint32_t venue_count, struct signal_rule **rule) {
    if (venue_count == 0 || venue_count > VENUE_COUNT_MAX) return ERROR_ARGUMENT;
    *rule = calloc(1, sizeof **rule);
    if (!*rule) return ERROR_SYSTEM;
    (*rule)->venue_count = venue_count;
    return ERROR_NONE;
}

void signal_rule_destroy(struct signal_rule *rule) {
    free(rule);
}
