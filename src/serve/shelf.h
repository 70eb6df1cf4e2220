/* shelf.h: long calls that were read a moment ago. The page asks for such a call in many small pieces, and reading it
 * takes longer than drawing one:
 *
 *     request ──take──> is it on the shelf, with the same summary, and fresh? ──yes──> held
 *                          └─no──> read from the database ──long?──yes──> onto the shelf, held
 *                                                           └──no──────> held by this request alone
 *
 * Two requests for one call read it once: the second waits. A held call never changes; what has gone from the shelf is
 * released by the last who gives it back. */
#ifndef SIPWEAVE_SERVE_SHELF_H
#define SIPWEAVE_SERVE_SHELF_H

#include "draw/draw.h"
#include "serve/inner.h"

enum { LONG_ROWS = 400 }; /* calls of more messages are long */

struct shelf;
struct shelf *shelf_open(void);
void shelf_close(struct shelf *s);
/* Now and then: what nobody has asked for lately goes. */
void shelf_tidy(struct shelf *s);

struct held;
/* The call that X names, as call_load gives it alone. NULL: the answer says why. Give it back whatever comes. */
struct held *shelf_take(struct request *r, str x, struct answer *a);
void shelf_give(struct request *r, struct held *h);
const struct call *held_call(const struct held *h);
/* Its ladder, laid out once for each way to fold it. Borrows until shelf_give. `unfold` is what `d` was read from. */
const struct ladder *held_ladder(struct held *h, const struct draw_options *d,
                                 str unfold);

#endif
