# bash completion of hrnet. The words come from the command's own help pages, so they are never out of date.
_hrnet()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} sub=${COMP_WORDS[1]} choices
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 || ( $COMP_CWORD -eq 2 && $sub == help ) ]]; then
        choices=$(hrnet --help | sed -n 's/^  \([a-z][a-z]*\)  *[A-Z].*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$choices help --help --version" -- "$word")
        return
    fi
    # an option whose value is one of "a|b|c"
    choices=$(hrnet help "$sub" 2>/dev/null | sed -n "s/^ .*$before \([a-z0-9|-]*|[a-z0-9|-]*\).*/\1/p" | tr '|' ' ')
    if [[ $before == -* && -n $choices ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    elif [[ $word == -* ]]; then
        choices=$(hrnet help "$sub" 2>/dev/null | sed -n 's/^  [ -].[ ,] \(--[a-z][a-z-]*\).*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    elif [[ $sub == fetch ]]; then
        choices=$(hrnet fetch --list 2>/dev/null | sed -n '2,$s/ .*//p')
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _hrnet hrnet
