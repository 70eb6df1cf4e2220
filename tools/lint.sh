#!/bin/sh
# What a compiler does not check: format, who includes whom, headers that stand alone, calls that are not ours to
# make, a second compiler, static analysis, the page's types. Prints what is wrong; silent parts are fine.
set -u
cd "$(dirname "$0")/.."
status=0
fail() {
    echo "lint: $*"
    status=1
}
sources=$(git ls-files -co --exclude-standard 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 'tools/*.c' 'bench/*.c')

# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources 2>&1 | grep -m 20 'error:' && fail "run clang-format -i on these"

for file in $(git ls-files -co --exclude-standard 'src/*.c' 'src/*.h'); do
    folder=${file#src/}
    folder=${folder%%/*}
    allowed=" $(sed -n "s/^$folder: *//p" tools/includes.txt) $folder "
    for wanted in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file"); do
        case "$allowed" in
        *" $wanted "*) ;;
        *) fail "$file includes $wanted/, which tools/includes.txt does not allow" ;;
        esac
    done
done

# who is judged must not lend a hand: the simulator and what is seen of it share nothing with src/
for file in $(git ls-files -co --exclude-standard 'tests/world/world*.[ch]' 'tests/world/plan*.[ch]' 'tests/world/view*.[ch]'); do
    sed -n 's/^#include "\(.*\)"/\1/p' "$file" | grep -vxE '(world/)?(world|plan|view)[a-z_]*\.h' |
        sed "s|^|$file: |" | grep . && fail "the simulator includes its own headers only"
done

for header in $(git ls-files -co --exclude-standard 'src/*.h' 'tests/lib/*.h' 'tests/world/*.h'); do
    # shellcheck disable=SC2086
    printf '#include "%s"\ntypedef int alone;\n' "${header#src/}" | sed 's|"tests/|"|' |
        gcc $CFLAGS -Itests -MF /dev/null -MT x -fsyntax-only -x c - 2>&1 | head -5 | grep . &&
        fail "$header does not compile alone"
done

# memory and strings: arenas and slices. Libraries' own frees are allowed where a library is wrapped.
for file in $(git ls-files -co --exclude-standard 'src/*.c' | grep -v '^src/base/'); do
    grep -nE '\b(malloc|calloc|realloc|strcpy|strncpy|strcat|sprintf|vsprintf|atoi|atol|strtok|alloca|gets)\(' "$file" |
        sed "s|^|$file:|" | grep . && fail "not outside src/base"
done
for file in $(git ls-files -co --exclude-standard 'src/sip/*.[ch]' 'src/sdp/*.[ch]' 'src/net/*.[ch]' \
    'src/trace/*.[ch]' 'src/link/*.[ch]' 'src/explain/*.[ch]' 'src/draw/*.[ch]'); do
    sed -n 's/^#include <\(.*\)>/\1/p' "$file" | grep -vxE 'string.h|stdlib.h|math.h|stdarg.h|stdbool.h|stdint.h|stddef.h|stdio.h' |
        sed "s|^|$file: |" | grep . && fail "the pure part does not touch the world"
    grep -nE '\b(f?printf|fopen|exit|abort|getenv|system|time)\(' "$file" | sed "s|^|$file:|" | grep . &&
        fail "the pure part does not touch the world"
done

# the other compiler, with every warning an error
for file in $(git ls-files -co --exclude-standard 'src/*.c'); do
    # shellcheck disable=SC2086
    clang $CFLAGS -MF /dev/null -MT x -fsyntax-only "$file" || fail "clang on $file"
done

cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -j 2 \
    --suppress=missingIncludeSystem --suppress=arrayIndexThenCheck --suppress=legacyUninitvar --suppress=normalCheckLevelMaxBranches -Isrc -D__linux__ src 2>&1 |
    grep -v '^$' | head -40 | grep . && fail "cppcheck"

(cd web && npm run --silent check) || fail "the page's types"

git grep -nIE '(https?://)[^ "<>]*(npmjs|debian\.org|github\.com)' -- . ':!docs' ':!*.md' ':!LICENSE' | head -5 |
    grep . && fail "a package host in the repository"
[ "$status" -eq 0 ] && echo "lint: fine"
exit $status
