/* pair.h: how much speaks for one leg being the parent of another; private to this folder. */
#ifndef SIPWEAVE_PAIR_H
#define SIPWEAVE_PAIR_H

#include "link/clue.h"
#include "link/numbers.h"
#include "link/weave.h"

enum { PROOFS_A_PAIR = 16, CAUSES = EVIDENCE_AFTER_HOLD + 1 };
enum { NUMBERS_A_COMPANY = 16 };
enum number_habit {
    NUMBER_CALLED,
    NUMBER_CALLER,
    NUMBER_CROSSED,
    NUMBER_MANNER,                        /* + enum manner */
    NUMBER_BYE = NUMBER_MANNER + MANNERS, /* no number: both are hung up together */
    NUMBERS
};

/* A leg rings, is answered, fails for the reason of one of its children: of those found so far, the odds of the best one
 * and of the second. */
enum echo_kind { ECHO_RING, ECHO_ANSWER, ECHO_FAILURE, ECHO_COUNT };
struct explained {
    u32 leg[ECHO_COUNT]; /* the best one, + 1 */
    float best[ECHO_COUNT], second[ECHO_COUNT];
};

/* How common a leg's manner is among those that reach the same device, and among those that leave the same one. */
struct manner_shares {
    float reached[MANNERS], sent[MANNERS];
};

/* The network that a leg goes to, and the share of the legs from its device that go there; recorders do not count. 0: not known. */
struct site {
    u32 network;
    float share;
};

/* Numbers that were called, and for which one and the same number was shown. */
struct company {
    u32 called[NUMBERS_A_COMPANY]; /* numbers */
    u32 n;
    float other,
        all; /* how many legs showed it, and for how many of them the parent's caller was another */
};

enum habit { HABIT_TO, HABIT_SITE, HABIT_CALLER, HABITS };

/* What a leg showed that followed a call to a number (habit.c), and how surely it did. */
struct met {
    u32 shown;
    float much;
};

/* A number that was called at a device. */
struct called_here {
    u32 at, n;          /* what followed: habits.met[at .. at + n) */
    u32 sorted[HABITS]; /* 0: as they came; else so many, in order, and each once */
    float sum[HABITS],
        ways; /* how often something was shown; how many devices it led to */
};

/* How often anything was shown at a device; how many pairs of number and device were met once, and twice. */
struct device_habits {
    float all[HABITS], once, twice;
};

/* What goes together, counted from the links found so far: calls to one number ring the same phones, show the same company's
 * number. */
struct habits {
    struct called_here *called;
    isize ncalled, cap_called;
    u32 *row_of;    /* by row of numbers.places: row of called + 1 … */
    struct map far; /* … and for numbers that were called elsewhere */
    struct met *met[HABITS];
    float *shown[HABITS];     /* by what is shown */
    struct device_habits *of; /* by device */
    struct map company_of; /* a caller's number that is shown -> row of companies + 1 */
    struct company *companies;
    isize ncompanies, cap_companies;
    bool learned;
};

/* What scoring looks up: rarity of values, what happened at each device, what the rounds so far have found. */
struct index {
    const struct weave *w;
    u32 *by_start;       /* all legs */
    double span_s, legs; /* how long, how many */
    /* how many legs reach and leave each device */
    u32 *reaching, *leaving;
    bool *
        asked; /* by device: a leg that is not certain leaves it. The others have no events */
    /* by device: a leg arrived, was sent again, answered, put on hold, or asked for a transfer */
    struct clues events;
    struct numbers numbers;
    struct clues holds;  /* by leg: put on hold, by this message instead of a leg */
    struct clues ends;   /* by device that it left: a try failed */
    struct clues silent; /* the same: the last message of one that nobody has answered */
    struct clues leaves; /* by device that it left: a leg started … */
    struct clues wins;   /* … was answered, and is no recorder's */
    struct clues
        missed; /* by device that it reached: a leg whose INVITE was not captured */
    struct clues over; /* by device that it reached: a leg was hung up or given up */
    struct clues
        lost; /* by device that it left: a try failed, and this leg instead is its parent */

    u32 *up;   /* by leg: the way to the first leg of its call, which leads to itself */
    u32 *size; /* by first leg: how many its call has */
    /* by leg: the last found of its tries that failed or that nobody answered, by try: the one found before; + 1 */
    u32 *failures, *next_failure;
    u32 *answered;     /* by leg: its first child to be answered, + 1 */
    struct clues kids; /* by parent + 1: its children, as the round before found them */
    struct explained *explained; /* the same, of those that have children … */
    u32 *explained_of;           /* … by parent: row + 1 */
    double *
        chances; /* by lane into a device and kind of trigger (CAUSES): what could make the device send a leg */
    /* by device: how many legs reach it, and leave it, without a caller's number */
    u32 *withheld, *withholding;
    struct lane *lanes; /* lane.c */
    u32 *lane_of;       /* by leg: as it leaves a device … */
    u32 *in_lane_of;    /* … and as it reaches one */
    isize nlanes, cap_lanes;
    struct turn *turns; /* the first nlanes of them: of a lane, wherever from */
    struct map turn_at; /* in and out -> row of turns + 1 */
    isize nturns, cap_turns;
    struct habits habits; /* habit.c */
    u32 *way_of,
        *site_of; /* by leg: from which device to which; into which network; from 1 */
    isize nways, nsites;
    struct manner_shares *manners; /* by leg */
    struct site *sites;            /* by leg: site.c */
    double *
        gathered; /* by device: how often two tries of a call go to one network for that reason */
    struct pace *paces; /* pace.c */
    u32 *pace_of;       /* by device: row of paces + 1 */
    double *none_of;    /* by leg: how probably its cause is outside the trace */
};

/* climate.c: counts of the traffic around in place of those of the trace, where there are any. */
void climate_begin(struct index *x);
/* How many legs with this number reached a device. */
isize climate_number(const struct index *x, u32 dev, u8 kind, u64 hash);

/* stand.c: how probably the causes of legs that are settled are outside the trace. */
void stand_tell(struct index *x);

void index_open(struct index *x, const struct weave *w);
/* What happened at the devices that are asked for; keeps `asked`. */
void index_events(struct index *x, bool *asked);
void index_close(struct index *x);
/* When a try failed; NEVER: it did not, or it was none. */
i64 failed_us(const struct sum *s);
/* The message that shows it; row + 1. */
u32 over_msg(const struct sum *s);
/* A try that nobody has answered or refused, as far as the trace shows: nothing tells when its device gave it up … */
bool try_is_silent(const struct sum *s);
/* … but that it did so after the last message. How densely (per second) what begins then lies there; 0: not at all. */
double silent_density(const struct sum *s, i64 start_us);
/* It failed, or is silent: another one may have followed. */
bool try_is_over(const struct sum *s);
/* That this try was cancelled because that one was answered: the odds of the delay. */
double defeat_odds(const struct index *x, const struct sum *loser,
                   const struct sum *winner);

/* The first leg of the call that a leg is in, by the parents as index_calls and what has been joined since have it. */
u32 index_root(const struct index *x, u32 leg);
void index_calls(struct index *x);

/* pace.c: how long each device takes. A row as evidence_row has it. */
void paces_learn(struct index *x);
void paces_drop(struct index *x);
const float *pace_of(const struct index *x, u32 dev, enum evidence_kind kind);

/* manner.c */
void manners_count(struct index *x);
/* site.c */
void sites_count(struct index *x);
void sites_learn(struct index *x);
/* How much likelier b goes where it goes if it is a try of the same parent as a. */
double sites_alike(const struct index *x, u32 a, u32 b);

u64 index_number_key(u32 dev, u8 kind, u64 hash);
/* How many legs reached dev with the number (row of leg_facts) that a leg which reached it has. */
isize index_number(const struct index *x, u32 dev, u32 fact);
/* The legs that reached dev with this number (by numbers.h, or by its hash) as caller or called, by start. */
struct leg_run {
    const u32 *legs;
    isize n;
};
struct leg_run index_reached(const struct index *x, u32 number, u32 dev, u8 kind);
struct leg_run index_reached_by(const struct index *x, u64 hash, u32 dev, u8 kind);
/* How many left it with this caller. */
isize index_sent(const struct index *x, u32 dev, u32 number);

/* c has no cause in the trace, with this probability. */
void index_note(struct index *x, u32 c, double none);
/* What has been found makes new `kids`, `failures`, `lost`, `explained`. */
void index_note_children(struct index *x);
/* After a round: what the claims say, what has been noted and proved makes new lanes and, where some legs have found other parents,
 * new habits. */
struct claims;
void index_learn(struct index *x, const struct claims *k, bool changed);
/* teach.c: what the claims, or the links alone (NULL), say of the ways through devices, by row of turns; the caller frees it. */
struct taught;
struct taught *index_teach(struct index *x, const struct claims *k);
/* Does this leg, about which there was no doubt at first look, teach? */
bool index_is_teacher(const struct index *x, u32 c);

/* The legs from one device to one that many of them reach (a gateway, a recorder), or to all others (its phones), have
 * habits in common: a lane. */
struct lane {
    u32 from_dev, legs;
    u64 other; /* device + 1 at its other end, 0: all others; + LANE_INTO: it ends at from_dev */
    double none; /* so many of them probably have their cause outside the trace */
    double
        background; /* so many a second start by themselves: what a parent has to beat */
};
#define LANE_INTO ((u64)1 << 40)
/* From a lane that ends at a device to one that begins there: what turns that corner behaves alike. */
struct turn {
    u32 in, out; /* rows of lanes */
    float causes
        [CAUSES]; /* how many legs start for each thing that could make the device send one */
    float numbers
        [NUMBERS]; /* how often the called number, the caller is the parent's; how often it calls with the number that was called */
};
void lanes_open(struct index *x);
/* What has been found of a way through a device: how many legs each trigger sent, of how many that could have; how often numbers
 * stayed, of how many. */
struct taught {
    double causes[CAUSES], chances[CAUSES], holds[NUMBERS], of[NUMBERS];
};
/* What came in that could make devices send legs, but for tries and failures, which follow from who is whose. */
void lanes_count(struct index *x);
/* `taught`: by row of turns. */
void lanes_learn(struct index *x, struct taught *taught);
void lanes_close(struct index *x);
/* lore.c: lanes as they were learned with more in sight, or to be kept for that. */
void lore_keep(const struct index *x, struct weave *w);
void lore_apply(struct index *x);
/* Is the way from, or into, a device to that other one a lane of its own? `busy`: it would be by the trace alone. */
bool lore_split(const struct weave *w, u32 dev, u32 other, bool into, bool busy);
/* The turn of these two lanes, made when new. */
struct turn *turn_put(struct index *x, u32 in, u32 out);
static inline const struct lane *lane_of(const struct index *x, u32 leg) {
    return &x->lanes[x->lane_of[leg]];
}
/* The one from p to c; one that nobody has turned yet has the habits of all of c's lane. */
const struct turn *turn_of(const struct index *x, u32 c, u32 p);
/* Its row + 1; 0: nobody has turned there. */
u32 turn_row(const struct index *x, u32 c, u32 p);

/* Why a pair belongs together, when somebody wants to know. */
struct proofs {
    struct proof rows[PROOFS_A_PAIR];
    isize n;
};

/* An INVITE that was not captured, or a try that nobody answered, has sent a leg: when that was, nothing shows. */
static inline bool proof_hides_delay(const struct proof *p) {
    return (p->kind == EVIDENCE_TIMING || p->kind == EVIDENCE_AFTER_FAILURE) &&
           p->delta_us < 0;
}

void habits_learn(struct index *x);
void habits_close(struct index *x);
/* How often calls to p's number go to the network where c goes, beside how often any call does; 1 where too little is known … */
double habits_place(const struct index *x, u32 c, u32 p);
/* … and to the phone; where that is not known, what is known of its network. */
double habits_route(const struct index *x, u32 c, u32 p, double place);
/* The numbers that were called when c's caller was shown before; NULL: nothing is known. */
const struct company *habits_companies(const struct index *x, u32 c);
/* How often calls to p's number show c's caller, beside how often any call does; where p's number is not known, how often c's
 * caller stands for somebody else's. 0 where that is not known to happen. */
double habits_company(const struct index *x, u32 c, u32 p);

/* What speaks for c being a child of p, leaving out the other children. All 0: it cannot be. */
struct bond {
    double
        once; /* legs a second of such callers that p's arrival would send at that moment: it sends one */
    double more; /* … and its answer, a REFER on it, a hold */
    double fit;  /* the odds of all else that they have in common */
    double end;  /* the odds of how c failed, if no other try follows */
    bool
        reached; /* p reached the device that c leaves: other children of p could have sent c as well */
};
/* Who calls, as a leg shows it: a number's hash, 0 where that is withheld. False: nothing is known. */
bool pair_caller(const struct weave *w, const struct sum *s, u64 *caller);
/* How much likelier two tries show what they show if one parent sent both. */
double pair_alike(const struct index *x, u32 a, u32 b);
/* `turn`: turn_of(x, c, p). `lean`: legs a second that other children would send; what weighs nothing beside `floor` need not be exact. */
struct bond pair_bond(const struct index *x, u32 c, u32 p, const struct turn *turn,
                      double lean, double floor);
/* The densities of a bond alone. `heard`: the child repeats what its device was told on p, so that it may be music on hold; a
 * second line is not. */
struct bond pair_sends(const struct index *x, u32 c, u32 p, const struct turn *turn,
                       bool heard);
/* The same by kind of trigger, for those of the parent itself. */
void pair_causes(const struct index *x, u32 c, u32 p, double to[CAUSES]);
/* The odds of what happened on both, but for how c failed; and that. */
double pair_life(const struct index *x, u32 c, u32 p, const struct turn *turn,
                 struct proofs *to);
/* Both were answered and hung up, and nobody was transferred or put on hold: a device hangs them up together, or does not. */
bool pair_talks(const struct sum *child, const struct sum *parent);
double pair_end(const struct index *x, u32 c, u32 p, struct proofs *to);
/* All that speaks for c being a child of p, and against it, as the links found so far are: its cause comes first. */
void pair_prove_all(const struct index *x, u32 c, u32 p, struct proofs *to);
/* The part that habits are learned from: its cause, first again, and its numbers. */
void pair_prove_habits(const struct index *x, u32 c, u32 p, struct proofs *to);
/* Its cause and nothing else: what the order of messages and the roles of legs go by. */
void pair_prove_cause_alone(const struct index *x, u32 c, u32 p, struct proofs *to);
/* What made p's device send c; false: nothing is known that could have. */
bool pair_prove_cause(const struct index *x, u32 c, u32 p, const struct turn *turn,
                      bool heard, struct proofs *to);
enum { JUST_BEFORE_US = 5000 }; /* the next try may leave just before the CANCEL does */
/* How densely (per second) such effects lie as far behind such a cause as these two messages (rows), and how far that is; without
 * how often there is one. */
double cause_density(const struct index *x, u32 dev, enum evidence_kind kind, u32 cause,
                     u32 effect, struct gap *gap);
/* Did another try of p's begin as soon as c was over? */
bool pair_followed(const struct index *x, u32 c, u32 p);
/* Of one kind that one child explains, as if there were no other child. */
double pair_echo(const struct index *x, const struct sum *c, const struct sum *p,
                 enum echo_kind kind, i64 *gap_us);
void pair_prove(struct proofs *to, enum evidence_kind kind, double odds, u32 label,
                i64 delta_us);

/* -1: a comes before b for certain, 1 after, 0 not known: one log has both, or the times differ clearly. */
int msg_order(const struct weave *w, u32 a, u32 b);
/* How far off the difference of the two times may be. */
i64 msg_slack(const struct weave *w, u32 a, u32 b);

#endif
