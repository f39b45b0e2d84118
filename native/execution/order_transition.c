/* order_transition: every way an order's state can change, as one table.  What is not in it cannot happen:
 * order_table_step, through which all changes go, looks here first. */
#include "tickwire/execution.h"

/* A phase is an order's state and whether the venue has answered it: an order may be executed, canceled or
 * replaced before the message that describes it is read.  Combinations that are no phase allow nothing. */
enum phase {
    PHASE_NONE, /* nobody has described it */
    PHASE_SENT,
    PHASE_LIVE,
    PHASE_FILLED,
    PHASE_FILLED_EARLY,
    PHASE_CANCELED,
    PHASE_CANCELED_EARLY,
    PHASE_REJECTED,
    PHASE_REPLACED,
    PHASE_REPLACED_EARLY,
    PHASE_COUNT,
    PHASE_IMPOSSIBLE = PHASE_COUNT
};

static const uint8_t phases[][2] = {
    [ORDER_NONE] = {PHASE_NONE, PHASE_IMPOSSIBLE},
    [ORDER_SENT] = {PHASE_SENT, PHASE_IMPOSSIBLE},
    [ORDER_LIVE] = {PHASE_IMPOSSIBLE, PHASE_LIVE},
    [ORDER_FILLED] = {PHASE_FILLED_EARLY, PHASE_FILLED},
    [ORDER_CANCELED] = {PHASE_CANCELED_EARLY, PHASE_CANCELED},
    [ORDER_REJECTED] = {PHASE_IMPOSSIBLE, PHASE_REJECTED},
    [ORDER_REPLACED] = {PHASE_REPLACED_EARLY, PHASE_REPLACED},
};

/* Cells: the state after, and F where the event is illegal and applied all the same, since that is the side
 * of safety.  0 is not allowed: ORDER_NONE after a legal or feared event is written N or FN. */
enum {
    F = 0x40,
    USED = 0x80,
    N = USED | ORDER_NONE,
    S = USED | ORDER_SENT,
    L = USED | ORDER_LIVE,
    X = USED | ORDER_FILLED,
    C = USED | ORDER_CANCELED,
    J = USED | ORDER_REJECTED,
    R = USED | ORDER_REPLACED,
};

/* clang-format off */
static const uint8_t cells[ORDER_EVENT_COUNT][PHASE_COUNT] = {
    /*                            NONE SENT LIVE FILLED early  CANCELED early REJECTED REPLACED early */
    [ORDER_EVENT_ENTER]         = {S,   0,   0,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_SETTLE]        = {0,   N,   0,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_ACCEPT_LIVE]   = {L,   L,   0,   0,     L,     0,     L,      F|L,     0,       R},
    [ORDER_EVENT_ACCEPT_DONE]   = {X,   X,   0,   0,     X,     0,     C,      F|X,     0,       R},
    [ORDER_EVENT_ACCEPT_DEAD]   = {C,   C,   0,   0,     X,     0,     C,      F|C,     0,       R},
    [ORDER_EVENT_RETIRE]        = {F|N, R,   R,   F|X,   F|X,   F|C,   F|C,    F|J,     F|R,     F|R},
    [ORDER_EVENT_FILL_PART]     = {F|N, F|S, L,   F|X,   F|X,   F|C,   F|C,    F|J,     F|R,     F|R},
    [ORDER_EVENT_FILL_LAST]     = {F|N, F|X, X,   F|X,   F|X,   F|C,   F|C,    F|J,     F|R,     F|R},
    [ORDER_EVENT_FILL_OVER]     = {F|N, F|X, F|X, F|X,   F|X,   F|C,   F|C,    F|J,     F|R,     F|R},
    [ORDER_EVENT_CANCEL_PART]   = {F|N, F|S, L,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_CANCEL_LAST]   = {F|N, F|C, C,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_CANCEL_OVER]   = {F|N, F|C, F|C, 0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_REJECT]        = {J,   J,   0,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_REJECT_TRADED] = {F|J, F|J, 0,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_NOTICE]        = {0,   S,   L,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_REDUCE_PART]   = {0,   S,   L,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_REDUCE_ALL]    = {0,   C,   C,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_REDUCE_WRONG]  = {0,   0,   0,   0,     0,     0,     0,      0,       0,       0},
    [ORDER_EVENT_BREAK]         = {N,   S,   L,   X,     X,     C,     C,      J,       R,       R},
    [ORDER_EVENT_BREAK_UNTRADED]= {F|N, F|S, F|L, F|X,   F|X,   F|C,   F|C,    F|J,     F|R,     F|R},
};
/* clang-format on */

struct order_step order_transition(enum order_state state, int answered, enum order_event event) {
    struct order_step refused = {.state = (uint8_t)state, .verdict = ORDER_STEP_REFUSED};
    if ((uint32_t)state >= sizeof phases / sizeof phases[0] || (uint32_t)event >= ORDER_EVENT_COUNT)
        return refused;
    uint8_t phase = phases[state][answered != 0];
    uint8_t cell = phase == PHASE_IMPOSSIBLE ? 0 : cells[event][phase];
    if (!(cell & USED)) return refused;
    return (struct order_step){.state = cell & 0x0F,
                               .verdict = cell & F ? ORDER_STEP_FEARED : ORDER_STEP_LEGAL};
}
