#include "base/err.h"

const char *err_text(enum err e) {
    static const char *const texts[] = {
#define X(id, text) [id] = text,
        ERR_LIST(X)
#undef X
    };
    if ((isize)e >= countof(texts)) return "an unknown error";
    return texts[e];
}
