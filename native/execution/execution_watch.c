/* execution_watch: what makes open orders dangerous, and their cancels until they are gone. */
#include "execution/execution.h"

#define SWEEP_PAUSE_NS    1000000000 /* from the cancels of a sweep to those of the next */
#define SWEEP_RETRY_COUNT 8

/* doomed fills in which orders must go: those of killed scopes, and all while nobody looks after them. */
static int doomed(const struct execution *execution, struct order_filter *filter) {
    int any = execution_killed(execution, filter);
    filter->all |= execution->abandoned != 0 || execution->silent != 0;
    return any || filter->all;
}

/* The firm's kill carries its time, so that how long orders went on leaving after it can be told. */
static void measure_kill(struct execution *execution, uint64_t kill) {
    uint64_t last = execution->new_sent_ns;
    if (kill) counter_set(execution->counters, EXECUTION_COUNT_KILL_NS, last > kill ? last - kill : 0);
}

void execution_watch_danger(struct execution *execution, uint64_t now_ns) {
    const struct control *control = execution->control;
    uint64_t kill = control_load(&control->kill), kills = control_load(&control->stops.kills);
    uint64_t danger = kill ? kill : execution->abandoned ? execution->abandoned : execution->silent;
    if (danger == execution->swept_for && kills == execution->swept_kills && !execution->sweep_due) return;
    measure_kill(execution, kill);
    if (!execution->trading) return; /* what the replay brings back is looked at when LIVE is published */
    execution->swept_for = danger;
    execution->swept_kills = kills;
    execution->sweep_due = 0;
    struct order_filter filter;
    if (!doomed(execution, &filter)) return;
    (void)order_table_mark(execution->table, &filter);
    execution->sweeps_left = SWEEP_RETRY_COUNT;
    execution->sweep_next_ns = now_ns + SWEEP_PAUSE_NS;
}

/* A cancel may be refused, or an order may have been on its way: while the danger lasts, what is still open
 * is canceled again, after a pause and not for ever. */
static void retry_sweep(struct execution *execution, uint64_t now_ns) {
    const struct order_table *table = execution->table;
    if (!execution->trading || execution->sweeps_left == 0 || now_ns < execution->sweep_next_ns) return;
    if (table->counts.open == 0 || table->marked_count > 0) return;
    struct order_filter filter;
    execution->sweep_next_ns = now_ns + SWEEP_PAUSE_NS;
    if (!doomed(execution, &filter) || order_table_mark(execution->table, &filter) == 0) return;
    execution->sweeps_left--;
    execution_count(execution, EXECUTION_COUNT_SWEEP_RETRIES);
}

/* since is 0 or the time of a sign of life that is longer ago than allowed. */
static uint64_t silence(uint64_t heard_ns, uint64_t silence_ns_max, uint64_t now_ns) {
    int silent = silence_ns_max && heard_ns && now_ns > heard_ns && now_ns - heard_ns > silence_ns_max;
    return silent ? heard_ns : 0;
}

/* Nobody looks after orders that outlive their supervisor: it is silent, and this lane is about to leave. */
static void watch_supervisor(struct execution *execution, uint64_t now_ns) {
    uint64_t heartbeat_ns = control_load(&execution->control->supervisor_heartbeat_ns);
    uint64_t silent = silence(heartbeat_ns, execution->config.supervisor_silence_ns_max, now_ns);
    if (silent && !execution->abandoned) execution_count(execution, EXECUTION_COUNT_ABANDONED);
    execution->abandoned = silent;
}

/* A venue that says nothing may be gone, and take our orders with it into whatever happens next. */
static void watch_venue(struct execution *execution, uint64_t now_ns) {
    uint64_t heard_ns = execution->trading ? execution->session->received_ns : 0;
    uint64_t silent = silence(heard_ns, execution->config.silence_cancel_ns, now_ns);
    if (silent && !execution->silent) execution_count(execution, EXECUTION_COUNT_SILENCES);
    execution->silent = silent;
}

/* What a Mass Cancel has not canceled, because the venue refused it or an order was on its way, is canceled
 * order by order. */
static void follow_mass_cancel(struct execution *execution, uint64_t now_ns) {
    struct execution_mass_cancel *mass = &execution->mass_cancel;
    if (mass->due_ns == 0 || !execution->trading) return;
    int refused = execution->table->counts.mass_refusals != mass->refusals;
    if (!refused && now_ns < mass->due_ns) return;
    mass->due_ns = 0;
    (void)order_table_mark(execution->table, &mass->filter);
}

void execution_watch(struct execution *execution, uint64_t now_ns) {
    watch_supervisor(execution, now_ns);
    watch_venue(execution, now_ns);
    follow_mass_cancel(execution, now_ns);
    retry_sweep(execution, now_ns);
    measure_kill(execution, control_load(&execution->control->kill));
}
