#!/bin/sh
# test-summary.sh TESTLOG - counts test cases in meson's testlog.txt: the lines "[       OK ] name", "[  FAILED  ] name"
# and "[  SKIPPED ] name" that cmocka and our shell tests print. A program that failed without such a line (a crash,
# a time-out) counts as one failed case. Names what failed and what was skipped; fails when something
# failed or nothing ran.
exec awk '
function finish(    counted) {
    if (program == "") return
    counted = n_failed_here
    if (result !~ /^exit status (0|77)$/ && counted == 0) {
        failed++
        print "failed:  " program " (" result ")"
    }
    if (result ~ /^exit status 77$/ && n_skipped_here == 0) {
        skipped++
        print "skipped: " program
    }
}
/^=+ *[0-9]+\/[0-9]+ *=+$/ { finish(); program = ""; result = ""; n_failed_here = n_skipped_here = 0; split("", seen) }
/^test: / { program = substr($0, 7); sub(/^ */, "", program) }
/^result: / { result = substr($0, 9); sub(/^ */, "", result); sub(/^\(/, "", result); sub(/\)$/, "", result) }
/^\[ *(OK|FAILED|SKIPPED) *\]/ {
    kind = $0; sub(/^\[ */, "", kind); sub(/ *\].*/, "", kind)
    name = $0; sub(/^\[[^]]*\] */, "", name)
    # cmocka counts and lists failed and skipped ones again at the end
    if (name ~ /^[0-9]+ test\(s\)/ || (kind, name) in seen) next
    seen[kind, name]
    if (kind == "OK") passed++
    if (kind == "FAILED") { failed++; n_failed_here++; print "failed:  " program ": " name }
    if (kind == "SKIPPED") {
        skipped++; n_skipped_here++
        # cmocka knows no reasons: its tests print them on the line before
        print "skipped: " program ": " name (previous !~ /^[[-]/ ? " (" previous ")" : "")
    }
}
{ previous = $0 }
END {
    finish()
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit (failed > 0 || passed == 0)
}' "$1"
