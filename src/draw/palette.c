#include "draw/palette.h"

enum { WHITE = 0xffffff, BLACK = 0x0a0c10 };

const struct theme theme_light = {
    .leg =
        {
            {0xd4214d, WHITE}, /* red */
            {0x172437, WHITE}, /* ink */
            {0xc28400, BLACK}, /* ochre */
            {0x0b8054, WHITE}, /* green */
            {0x2563eb, WHITE}, /* blue */
            {0xc04302, WHITE}, /* orange */
            {0x8f8e97, BLACK}, /* grey */
            {0x7030ba, WHITE}, /* purple */
            {0x0f98c2, BLACK}, /* cyan */
            {0x613a1d, WHITE}, /* brown */
            {0xb3218a, WHITE}, /* magenta */
            {0x3f7a00, WHITE}, /* leaf */
            {0xce66a9, BLACK}, /* from here on dashed */
            {0x9d4d40, WHITE}, {0x7058b2, WHITE}, {0x3d9c1a, BLACK}, {0x11636f, WHITE},
            {0x6c4900, WHITE}, {0x75003b, WHITE}, {0x14236e, WHITE}, {0x0e92ea, BLACK},
            {0xea5c74, BLACK}, {0x0b3a12, WHITE}, {0x1f4a7d, WHITE},
        },
    .ground = 0xffffff,
    .ink = 0x18202d,
    .dim = 0x5b6576,
    .life = 0xd3d8e0,
    .band = 0xf4f6f9,
    .hover = 0x2563eb,
    .bad = 0xc8102e,
    .warn = 0xb35c00,
    .info = 0x2f6fde,
    .sign = 0xffffff,
};

const struct theme theme_dark = {
    .leg =
        {
            {0xff7675, BLACK}, {0xe8ecf4, BLACK}, {0xe6b005, BLACK}, {0x1fcc97, BLACK},
            {0x3b8ffa, BLACK}, {0xfe9a56, BLACK}, {0x868b95, BLACK}, {0xc795ff, BLACK},
            {0x7dd3d2, BLACK}, {0xa88449, BLACK}, {0xd962b5, BLACK}, {0xdff763, BLACK},
            {0xc0606a, BLACK}, {0xffceb8, BLACK}, {0x82c4ff, BLACK}, {0xca7f3f, BLACK},
            {0x2b939d, BLACK}, {0x9efc89, BLACK}, {0xf7cff7, BLACK}, {0x85b77a, BLACK},
            {0x9c85c8, BLACK}, {0xdac249, BLACK}, {0xa6b6b9, BLACK}, {0x757cf7, BLACK},
        },
    .ground = 0x161a21,
    .ink = 0xe4e8ef,
    .dim = 0x98a3b4,
    .life = 0x353f4e,
    .band = 0x1b222d,
    .hover = 0x8fb3ff,
    .bad = 0xff5c5c,
    .warn = 0xf5b92e,
    .info = 0x6ea2ff,
    .sign = 0x14110a,
};
