/* execution_last_look: whether an order may still leave, asked once when it is taken from the ring and once
 * more just before send; and whose orders a kill names. */
#include "execution/execution.h"

#include <string.h>

#define STOPS_REDUCING_PASSES (STOP_PAUSE | STOP_BREAKER | STOP_PROBE | STOP_THROTTLE)

static uint64_t stops_of(const struct control_stops *stops, const struct order *order) {
    return control_load(&stops->firm) | control_load(&stops->venue[order->venue]) |
           control_load(&stops->account[order->account]) | control_load(&stops->strategy[order->strategy]) |
           control_load(&stops->instrument[order->instrument]);
}

/* PROBE lets orders pass that the gate has counted; a stop of a kind this build does not know holds all back.
 */
int execution_barred(const struct execution *execution, const struct order *order) {
    const struct control *control = execution->control;
    uint64_t stops = stops_of(&control->stops, order) & ~(uint64_t)STOP_PROBE;
    if (control_load(&control->kill)) stops |= STOP_KILL;
    if (order->flags & ORDER_PASSES_KILL) stops &= ~(uint64_t)STOP_KILL;
    if (stops & STOP_KILL) return NOT_SENT_KILLED;
    if (!control_load(&control->armed)) return NOT_SENT_DISARMED;
    if (order->flags & ORDER_REDUCE_ONLY) stops &= ~(uint64_t)STOPS_REDUCING_PASSES;
    if (stops) return NOT_SENT_STOPPED;
    uint64_t epoch = control_load(&control->epoch) & ORDER_ID_EPOCH_MAX;
    uint64_t now = (uint64_t)execution->config.venue << (ORDER_ID_VENUE_SHIFT - ORDER_ID_EPOCH_SHIFT) | epoch;
    return order->order_id >> ORDER_ID_EPOCH_SHIFT == now ? 0 : NOT_SENT_EPOCH;
}

static uint32_t killed_mask(const uint64_t *words, uint32_t count) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < count; i++) mask |= (uint32_t)(control_load(&words[i]) & STOP_KILL) << i;
    return mask;
}
_Static_assert(STOP_KILL == 1, "killed_mask shifts the bit itself");

int execution_killed(const struct execution *execution, struct order_filter *filter) {
    const struct control *control = execution->control;
    const struct control_stops *stops = &control->stops;
    uint64_t whole = control_load(&stops->firm) | control_load(&stops->venue[execution->config.venue]);
    uint64_t any = 0;
    *filter = (struct order_filter){
        .all = control_load(&control->kill) != 0 || (whole & STOP_KILL) != 0,
        .accounts = killed_mask(stops->account, ACCOUNT_COUNT_MAX),
        .strategies = killed_mask(stops->strategy, STRATEGY_COUNT_MAX),
    };
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX; i++)
        filter->instruments[i / 64] |= (control_load(&stops->instrument[i]) & STOP_KILL) << i % 64;
    for (uint32_t i = 0; i < INSTRUMENT_COUNT_MAX / 64; i++) any |= filter->instruments[i];
    return filter->all || filter->accounts || filter->strategies || any != 0;
}
