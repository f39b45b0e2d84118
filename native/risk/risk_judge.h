/* risk_judge: what is worked out about an intent on the way to its verdict, for judging what comes later and
 * for reserving. */
#pragma once
#include "risk/risk_cell.h"

#define JUDGE_PPM 1000000

struct judgement {
    const struct risk_instrument_limits *limits;
    struct gate_order *target; /* REPLACE */
    const struct gate_book *book;
    int64_t price;        /* its own or, of an order without, the collar's */
    int64_t reach;        /* the farthest price it may trade at */
    int64_t added_shares; /* to what is open on its side */
    int64_t added_value;
    uint64_t what; /* identity, for duplicates */
    uint64_t who;
    uint32_t probes; /* enum judge_probe: whose probe orders it would use up */
    uint32_t short_sale;
};

enum judge_probe { PROBE_FIRM = 1, PROBE_VENUE = 2, PROBE_STRATEGY = 4, PROBE_NOBODY = 8 };

static inline int judge_older(uint64_t then_ns, uint64_t now_ns, uint64_t age_ns_max) {
    return now_ns > then_ns && now_ns - then_ns > age_ns_max;
}

static inline struct gate_owner judge_owner(const struct order_intent *intent) {
    return (struct gate_owner){.strategy = (uint8_t)intent->strategy, .account = intent->account};
}
