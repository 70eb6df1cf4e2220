/* embed.c: writes the files of a folder as a C table, so that the program carries its page.
 * Usage: embed FOLDER > assets.c. Output: see src/serve/assets.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

int main(int argc, char **argv) {
    struct dirent **names;
    if (argc != 2) return 2;
    int n = scandir(argv[1], &names, visible, alphasort);
    if (n < 0) {
        perror(argv[1]);
        return 1;
    }
    puts("#include \"serve/assets.h\"");
    for (int i = 0; i < n; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], names[i]->d_name);
        FILE *f = fopen(path, "rb");
        if (!f) {
            perror(path);
            return 1;
        }
        printf("static const u8 file%d[] = {", i);
        for (int c; (c = getc(f)) != EOF;) printf("%d,", c);
        puts("0};");
        fclose(f);
    }
    puts("const struct asset assets[] = {");
    for (int i = 0; i < n; i++) {
        printf("    {\"%s\", file%d, sizeof file%d - 1},\n", names[i]->d_name, i, i);
    }
    printf("};\nconst isize assets_n = %d;\n", n);
    return 0;
}
