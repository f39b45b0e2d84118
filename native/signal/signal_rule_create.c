/* signal_rule_create: all memory a rule will ever have. */
#include "signal/signal_rule.h"

#include <stdlib.h>

int signal_rule_create(struct signal_rule **rule) {
    *rule = calloc(1, sizeof **rule);
    return *rule ? ERROR_NONE : ERROR_SYSTEM;
}

void signal_rule_destroy(struct signal_rule *rule) {
    free(rule);
}
