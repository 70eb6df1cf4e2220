/* claim.h: which parents lay claim to a leg, and which try follows which; private to this folder. */
#ifndef SIPWEAVE_LINK_CLAIM_H
#define SIPWEAVE_LINK_CLAIM_H

#include "link/pair.h"

enum { CLAIMS_A_LEG = 48 };
#define CLAIM_NOTHING 1e-10 /* what weighs less, beside the heaviest, is no claim */

/* A leg may be this parent's child. What is known at its other ends is told along the follows, see believe.c. */
struct claim {
    u32 parent; /* row of sums; a leg's are in rising order */
    bool forbidden;
    float causes
        [2]; /* how often a try of this parent's is followed by another here: by enum follow_kind */
    float told[2]; /* of `sent`: by what follows what */
    double sent;   /* how densely all that could have sent it would have: legs a second */
    double alone;  /* the odds that no other try of that parent's was going on */
    double after[2]; /* the odds of what followed it, by enum follow_kind */
    float
        beaten; /* by answered tries of that parent's: what more speaks for the time of its CANCEL */
    double
        weight; /* all of it: legs a second, to be compared with the other claims and the background */
    double once, once_next; /* the odds that the parent's arrival sent it */
    struct bond bond;
};

enum follow_kind { FOLLOW_START, FOLLOW_FAILURE };

/* This try may be there because that one started, or failed: if it is, they have one parent. */
struct follow {
    u32 before, after; /* rows of sums */
    u8 kind;
    float density; /* of the delay */
    double given;  /* what it gives to all claims of `after` */
};

/* The places of one parent's claims on both legs of a follow. */
struct claim_pair {
    u8 before, after;
};

/* This try may have been cancelled because that one was answered: if it was, they have one parent. */
struct defeat {
    u32 loser, winner; /* rows of sums */
    u32 at, n;         /* defeat_pairs[at .. at + n) */
    float odds;        /* of the delay */
};

/* One parent's claims on both, by place, and what the one that won tells the other. */
struct defeat_pair {
    u8 loser, winner;
    float beaten;
};

/* A follow along which something is told: ties.pairs[at .. at + n). */
struct tie {
    u32 follow, at;
    u8 n;
};

/* Of a leg: ties.rows[before .. before + nbefore) lead to it; ties.next[next .. next + nnext) are rows of those that lead on. */
struct tie_ends {
    u32 before, nbefore, next, nnext, placed;
};

/* tie.c: while beliefs are told. */
struct ties {
    struct tie *rows; /* in the order of follows */
    struct claim_pair *pairs;
    struct tie_ends *of; /* by leg; NULL: nothing has been sought, all follows count */
    u32 *next;
    isize n, cap, npairs, cap_pairs;
};

/* The parents that claim both ends of a follow, as far as they matter. */
struct pair_run {
    struct follow *f;
    const struct claim_pair *rows;
    isize n;
};

/* A leg among claims. */
struct claimed {
    u32 at;          /* claims.rows[at .. at + n) */
    u32 before;      /* follows[before .. before + nbefore): those that lead to it */
    u32 next, nnext; /* next[next ..): rows of follows that lead on from it */
    u8 n, cap, nbefore;
    bool torn : 1;    /* it decided against the try that it is there because of */
    bool open : 1;    /* it has to choose */
    bool sure : 1;    /* and has done so: what is told to it changes nothing */
    bool certain : 1; /* beyond doubt, by what it shares with one call alone … */
    /* … and of no concern to those that are not sure: it is not weighed again */
    bool apart : 1;
    /* certain at first look: its claim has no row before somebody asks for it (claims_show) */
    bool early : 1;
    bool followed : 1; /* what it may follow has been found */
    float once;        /* of a claim that is early: as in there */
    /* legs a second: without a parent; of parents that have no room here; and with all */
    double background, rest, all;
};
_Static_assert(CLAIMS_A_LEG + 2 <= UINT8_MAX, "a leg has more claims than it counts");

/* A leg that was certain at first look, by start, and its parent. */
struct early {
    u32 leg, parent;
};

/* A try before a leg that gathers its claims has this parent, by so much of what could have sent it. */
struct lean {
    u32 parent, next; /* next: row + 1 of the same parent's */
    float density;
    u8 kind;
    double share;
};

struct claims {
    struct index *x;
    struct weave *w; /* the same as x->w, where what is decided is written */
    struct claimed *legs;
    struct claim *rows;
    isize nrows, cap_rows;
    struct follow *follows; /* by `after` */
    isize nfollows, cap_follows;
    u32 *next;
    struct ties ties;
    isize nturned;          /* so many follows are in next */
    struct defeat *defeats; /* defeat.c */
    struct defeat_pair *defeat_pairs;
    isize ndefeats, cap_defeats, ndefeat_pairs, cap_defeat_pairs;
    i64 blur_us;  /* how coarse the coarsest stamp is */
    double *once; /* by parent: the odds that its arrival has sent a leg */
    double *
        keep; /* by device that a leg reaches (in lane): how many of these send nothing */
    bool *records;    /* by lane: recorders stand at its end */
    u32 *mark, stamp; /* by leg: the last choice that considered it */
    /* leans of the leg `leaning` - 1; by parent: row + 1 of its first one */
    struct lean *leans;
    isize nleans, cap_leans;
    u32 *lean_at, leaning;
    u32 *late; /* calls' legs that are not early, by start */
    struct early *earlies;
    isize nlate, nearlies, cap_late, cap_earlies;
    /* legs that are not sure, by start; and those beside them that claim the same parents */
    u32 *unsure, *beside;
    isize nunsure, nbeside, cap_unsure, cap_beside;
};

void claims_open(struct claims *k, struct index *x);
void claims_close(struct claims *k);
/* follow.c: which tries c may follow; and which may follow c. Each is looked for once. */
void follows_find(struct claims *k, u32 c);
void follows_find_next(struct claims *k, u32 c);
/* What has been found, the other way round: next. */
void follows_turn(struct claims *k);
void follows_weigh(struct claims *k);
/* defeat.c: of those that are not sure, who may have been cancelled because whom was answered. */
void defeats_find(struct claims *k);
/* Those that were answered tell the others whose they are. `anew`: claims have come and gone since. */
void defeats_tell(struct claims *k, bool anew);
/* tie.c: the parents that claim both legs. */
isize claims_in_common(const struct claims *k, u32 before, u32 after,
                       struct claim_pair to[CLAIMS_A_LEG]);
/* choice.c: finds who lays claim to c; those before it in time have been asked already. */
void claims_gather(struct claims *k, u32 c);
/* Of one who looks: the candidates found so far. */
struct likely {
    u32 parent;
    struct bond bond; /* as far as nobody else's choice is known */
};
struct look {
    struct likely *rows;
    isize n, cap;
    u32 *mark, stamp; /* as in claims */
};
/* While c gathers: what the tries before it lean to, by parent. */
void leans_open(struct claims *k, u32 c);
void leans_close(struct claims *k);
/* The same for a first look: those that c shares numbers or values with are put down there, and nowhere else. */
void claims_list(struct claims *k, u32 c, struct look *to);
/* look.c: where one call is beyond doubt by what it shares with a leg, that is its child at once. Notes the devices of the others. */
void claims_look(struct claims *k, bool *asked);
/* A leg that was certain at first look gets its claim, and is weighed with the others. False: it has it. */
bool claims_show(struct claims *k, u32 c);
/* After the first look, or when some were shown: who is early, and who is late. */
void claims_part_early(struct claims *k);
/* How much of what c could belong to this parent has; 0: it lays no claim. */
double claims_share_of(struct claims *k, u32 c, u32 parent);
/* parent.c: c is this parent's child, by so much of all that could have sent it. False: that call has no room. */
bool claims_join(struct claims *k, u32 c, u32 parent, double share);
/* c has its parent for good, or none. */
void claims_settle(struct claims *k, u32 c);
/* stand.c: of c, whose parent stands, the claim as it was when that was decided. */
struct claim stand_claim(const struct claims *k, u32 c);
/* Legs about which there was no doubt get the claims that they had. */
void stand_again(struct claims *k);
/* All is decided: what the next link needs of it. */
void stand_note(struct claims *k, struct weave *w);
/* Weighs c's claims again, or all claims, with what has been learned of the devices. */
void claims_weigh(struct claims *k, u32 c);
void claims_refresh(struct claims *k);
/* c has all its claims: gives back what room they do not need. */
void claims_trim(struct claims *k, u32 c);
/* Who is not sure yet: the legs that the next four are about. */
void claims_doubt(struct claims *k);
/* Row i of those that are not sure, then of those beside them. */
static inline u32 claims_doubtful(const struct claims *k, isize i) {
    return i < k->nunsure ? k->unsure[i] : k->beside[i - k->nunsure];
}
/* believe.c: what each knows is told to the others, until it settles. */
void claims_believe(struct claims *k, int sweeps);
/* tie.c: along which follows something can be told, with the claims as they are; and back to all of them. */
void ties_open(struct claims *k);
void ties_close(struct claims *k);
/* How many follows lead to c, or on from it; and one of them. `room`: for where nothing was sought. */
u32 ties_of(const struct claims *k, u32 c, bool next);
struct pair_run tie_at(const struct claims *k, u32 c, bool next, u32 i,
                       struct claim_pair room[CLAIMS_A_LEG]);
/* What comes of `f` for the claim of the leg before: the odds that this is what followed, if it is that parent's. b: the same
 * parent's claim on the leg after. */
double tie_told_back(const struct claims *k, const struct follow *f,
                     const struct claim *b);
/* alone.c: a parent's tries do not overlap, unless they start together. */
void claims_part(struct claims *k);
void claims_forward(struct claims *k, u32 c);
void claims_backward(struct claims *k, u32 c);
/* How much of what p's arrival could send is left; and c has its claims: they use it up. */
double claims_left(const struct claims *k, u32 p);
/* The odds that the parent's arrival sent the leg that has this claim and no other. */
double claim_once(const struct claims *k, u32 c, const struct claim *a);
/* `weigh`: after its claims were weighed anew. */
void claims_note(struct claims *k, u32 c, bool weigh);
/* A neighbour along a follow may have the parent that c lacks: those become claims of c too. */
isize claims_share(struct claims *k, u32 c, const struct follow *f);
void claims_share_begin(struct claims *k, u32 c); /* before c's neighbours are asked */
/* Where among the leg's claims that parent's is, or would be. */
u32 claim_place(const struct claims *k, const struct claimed *leg, u32 parent);
struct claim *claim_find(struct claims *k, u32 c, u32 parent);
/* p is no offspring of c's, and nobody has decided that they are apart. */
bool claim_allowed(const struct claims *k, u32 c, u32 p);
/* The weight of the leg's heaviest claim; 0: it has none. */
double claims_most(const struct claims *k, const struct claimed *leg);
/* Weighs p's claim on c, which is not among c's yet. False: it weighs nothing. */
bool claim_make(struct claims *k, u32 c, u32 p, double floor, struct claim *a);
void claim_put(struct claims *k, u32 c, const struct claim *new);
/* Without what is known of the other end; with these odds of what followed it. */
static inline double claim_backward_if(const struct claim *a, double start,
                                       double failure) {
    double end = a->bond.end + (double)a->beaten;
    return a->bond.fit * a->alone * start * (end + failure - 1);
}
static inline double claim_backward(const struct claim *a) {
    return claim_backward_if(a, a->after[FOLLOW_START], a->after[FOLLOW_FAILURE]);
}
static inline double claim_weight(const struct claim *a) {
    return a->forbidden ? 0 : claim_backward(a) * a->sent;
}
/* One claim of this weight leaves the others, and whoever has none, hardly anything. */
static inline bool claim_stands_out(const struct claimed *leg, double best) {
    static const double CLEAR = 0.999;
    return best >= CLEAR * leg->all;
}
/* … and fits so well that no stranger at the device could. */
static inline bool claim_beyond_doubt(const struct claimed *leg, double best) {
    static const double TIMES = 1e6;
    return claim_stands_out(leg, best) && best >= TIMES * leg->background;
}

#endif
