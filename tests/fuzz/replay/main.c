/* Replays a fuzzer's corpus without libFuzzer, as part of `make test`: every file of the folder,
 * and every prefix of every small one. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIXES_UP_TO = 2048 };

static void replay(const char *path, long *cases) {
    FILE *f = fopen(path, "rb");
    if (!f) return;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    if (data && fread(data, 1, (size_t)size, f) == (size_t)size) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
        ++*cases;
        for (long n = 0; size <= PREFIXES_UP_TO && n < size; n++, ++*cases) {
            LLVMFuzzerTestOneInput(data, (size_t)n);
        }
    }
    free(data);
    fclose(f);
}

int main(int argc, char **argv) {
    long cases = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        printf("not ok 1 - no corpus folder\n");
        return 1;
    }
    for (struct dirent *e; (e = readdir(folder));) {
        char path[4096];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
        replay(path, &cases);
    }
    closedir(folder);
    printf("%s 1 - corpus of %s, %ld cases\n", cases ? "ok" : "not ok", argv[1], cases);
    return cases ? 0 : 1;
}
