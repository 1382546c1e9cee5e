#!/bin/sh
# test_command.sh - the command as a whole: help, versions, mistakes, and that its pages are complete.
# shellcheck disable=SC2086,SC2317 # words of lists; cases are called by name
. "$(dirname "$0")/lib.sh"

# All that the overview names: a line is "  NAME  SUMMARY".
sub_commands=$("$HRNET" --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Z].*/\1/p')

# The long options of a sub-command's help page, a line each, without the dashes in front.
options_of() { # SUB
    "$HRNET" help "$1" | sed -n 's/^  [ -].[ ,] --\([a-z][a-z-]*\).*/\1/p'
}

help_pages() {
    expect 0 "$HRNET" --help
    has out "usage: hrnet"
    # the command's sources are cmd_SUB.c
    test "$(echo "$sub_commands" | sort)" = "$(basename -a "$ROOT"/tools/cmd_*.c | sed 's/cmd_\(.*\)\.c/\1/' | sort)"
    for sub in $sub_commands; do
        test "$(options_of "$sub" | grep -c .)" -ge 3
        expect 0 "$HRNET" help "$sub"
        has out "usage: hrnet $sub"
        mv out page
        expect 0 "$HRNET" "$sub" --help
        cmp out page
        expect 0 "$HRNET" --help
    done
}

help_fits_a_terminal() {
    for sub in $sub_commands; do
        "$HRNET" help "$sub" >page
        if grep -E '.{101}|[[:space:]]$' page; then return 1; fi
    done
}

version() {
    expect 0 "$HRNET" --version
    grep -Eq '^hrnet [0-9]+\.[0-9]+\.[0-9]+$' out
}

nothing_is_a_usage_error() {
    expect 2 "$HRNET"
    has out "usage: hrnet"
}

mistyped_words_get_a_suggestion() {
    expect 2 "$HRNET" pos
    has err "did you mean pose?"
    expect 2 "$HRNET" help convrt
    has err "did you mean convert?"
    expect 2 "$HRNET" pose --modle x
    has err "did you mean --model?"
    expect 2 "$HRNET" zzzzzzzz
    has err "unknown sub-command 'zzzzzzzz'"
}

wrong_values_are_named() {
    expect 2 "$HRNET" pose x.png --threads 65
    has err "--threads: '65': expected N in 0..64"
    expect 2 "$HRNET" pose x.png --threads 2x
    expect 2 "$HRNET" pose x.png --threads 99999999999999999999
    expect 2 "$HRNET" pose x.png --threshold nan
    expect 2 "$HRNET" pose x.png --decode best
    has err "expected auto|argmax|shift|dark|udp"
    expect 2 "$HRNET" pose x.png --flip=1
    has err "--flip takes no value"
    expect 2 "$HRNET" pose x.png --model
    has err "--model: expected FILE after it"
    expect 2 "$HRNET" pose x.png -Z
    has err "unknown option '-Z'"
    expect 2 "$HRNET" crop x.png --size 10
    expect 2 "$HRNET" crop x.png --center 1,2,3
}

every_form_of_an_option_is_read() {
    expect 1 "$HRNET" info --json -- -missing.pth
    has err "-missing.pth"
    expect 1 "$HRNET" convert -cno-such-experiment a b.pth
    has err "no-such-experiment"
    expect 1 "$HRNET" convert --config=no-such-experiment a b.pth
    has err "no-such-experiment"
}

the_manual_page_has_every_option() {
    sed 's/\\-/-/g' "$ROOT/tools/hrnet.1" >page # as it is read: "\-" is a dash
    missing=""
    for sub in $sub_commands; do
        grep -q "^\.B hrnet $sub\( \|\$\)" page || missing="$missing synopsis:$sub"
        grep -qx "\.SS $sub" page || missing="$missing section:$sub"
        for name in $(options_of "$sub"); do
            grep -q -- "--$name\([^a-z-]\|\$\)" page || missing="$missing $sub:--$name"
        done
    done
    echo "not in the page:$missing"
    test -z "$missing"
}

# complete WORDS...: what bash would offer for the last word
complete_words() {
    bash -c '
        . "$1"; shift
        PATH=$(dirname "$HRNET"):$PATH
        COMP_WORDS=(hrnet "$@"); COMP_CWORD=$#; COMPREPLY=()
        _hrnet
        printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/tools/hrnet.bash" "$@"
}

completion_offers_what_there_is() {
    if ! command -v bash >/dev/null; then return 0; fi
    complete_words "" >out
    for sub in $sub_commands; do grep -qx "$sub" out; done
    for sub in $sub_commands; do
        complete_words "$sub" -- >out
        for name in $(options_of "$sub"); do grep -qx -- "--$name" out || { echo "$sub: no --$name"; return 1; }; done
    done
    complete_words co >out
    has out "convert"
    complete_words pose --fl >out
    has out "--flip"
    complete_words pose x.png --decode s >out
    counts out 1 "shift"
    complete_words help in >out
    has out "info"
    : >card.png
    complete_words pose car >out
    has out "card.png"
}

for name in help_pages help_fits_a_terminal version nothing_is_a_usage_error mistyped_words_get_a_suggestion \
    wrong_values_are_named every_form_of_an_option_is_read the_manual_page_has_every_option \
    completion_offers_what_there_is; do
    run_case $name
done
exit "$n_failed"
