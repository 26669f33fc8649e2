# Owned by the template and the same in every project: change it there, not here.
#
# May a shell enter this project's environment?   sh tools/enter.sh ROOT HELPER
# The part of activate.sh, .fish, .csh and .nu that is the same in each. Where it may, one line comes
# out, "NAME DIRECTORY": what the prompt shows, and what goes first on PATH. Else nothing does, and the
# exit code is 1. What a person reads is on standard error. It decides and speaks as the engine does
# (tools/env/state.py and shells.py), without starting Python.
# shellcheck shell=sh disable=SC3013

root=$1 helper=$2

say() { printf '%s: %s\n' "$helper" "$*" >&2; }

trim() {                        # $1 without white space or a Windows line end -> x
    x=${1#"${1%%[![:space:]]*}"}
    x=${x%"${x##*[![:space:]]}"}
}

replaced() {                    # $1 with each $2 as $3 -> x
    x='' rest=$1
    while :; do
        case $rest in *"$2"*) x=$x${rest%%"$2"*}$3 rest=${rest#*"$2"} ;; *) break ;; esac
    done
    x=$x$rest
}

quoted() {                      # $1 as one word that can be pasted into the shell -> x
    x=$1
    case $1 in *[!A-Za-z0-9/._-]*) ;; *) return 0 ;; esac
    case $helper in *.fish) replaced "$x" '\' '\\' ;; esac
    replaced "$x" "'" "'\\''"
    case $helper in *.csh) replaced "$x" '!' '\!' ;; esac
    x="'$x'"
}

find_python() {                 # one that can run tools/env -> python
    for python in python3 python; do
        if command -v "$python" >/dev/null 2>&1 &&
           "$python" -ISc 'import sys; sys.exit(sys.version_info < (3, 9))' \
               </dev/null >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

advise() {                      # $1 what the engine does, $2 what stands before its command
    if ! find_python; then
        say "$why Install Python 3.9 or newer first: neither python3 nor python is one."
        return 0
    fi
    x=tools/env
    if ! [ . -ef "$root" ]; then quoted "$root/tools/env"; fi
    say "$why $1 with:$2$python $x sync"
}

advise_another_place() {        # in the words of this shell
    x=UV_PROJECT_ENVIRONMENT
    case $helper in
        *.csh)  x="setenv $x /another/place" ;;
        *.fish) x="set -gx $x /another/place" ;;
        *.nu)   x="\$env.$x = '/another/place'" ;;
        *)      x="export $x=/another/place" ;;
    esac
    say "$why $1:$line_end    $x"
}

settings() {                    # tools/env.cfg -> name, manager, env, lock
    name='' manager='' env=.venv lock=requirements-dev.txt
    while IFS='' read -r line || [ -n "$line" ]; do
        trim "${line#*=}"
        case $line in
            name[\ =]*)    name=$x ;;
            manager[\ =]*) manager=$x ;;
            env[\ =]*)     env=$x ;;
            lock[\ =]*)    lock=$x ;;
        esac
    done < "$root/tools/env.cfg"
    # a prompt is expanded each time it is shown: nothing that could run may get into it
    case $name in '' | *[!A-Za-z0-9._-]*) name='env' ;; esac

    case $env in
        \$WORKON_HOME/*) env=${WORKON_HOME:-${HOME-}/.virtualenvs}/${env#*/} ;;
    esac
    env=${UV_PROJECT_ENVIRONMENT:-$env}
    x=$root
    while :; do                 # the root has no symbolic links in it, so `..` is the name before
        case $env in
            /*)   break ;;
            ./*)  env=${env#./} ;;
            ../*) env=${env#../} x=${x%/*} ;;
            *)    env=$x/$env ;;
        esac
    done
    env=${env%/} label=${env#"$root"/}
    bin=$env/bin python_path=$env/bin/python
    if [ -d "$env/Scripts" ]; then bin=$env/Scripts python_path=$env/Scripts/python.exe; fi
}

is_empty() {                    # a directory, and nothing in it but the engine's own folder
    [ -d "$env" ] && x=$(ls -A "$env" 2>/dev/null) && [ "${x:-.seedbed}" = .seedbed ]
}

digest() {                      # sha256 over the lock files, one after the other
    for x in $lock; do cat "$root/$x" 2>/dev/null || :; done |
        { sha256sum || shasum -a 256; } 2>/dev/null
}

other_system() {                # whether the environment was made on a system that is not this one
    x=$(uname -sm 2>/dev/null)
    case $x in
        Linux*)        x=linux-${x#* } ;;
        Darwin*)       x=darwin ;;
        MINGW* | MSYS*) x=win32 ;;
        *)             return 1 ;;
    esac
    [ "$x" != "$system" ]
}

stamp() {                       # what the engine wrote into the environment: project, made, system, base
    project='' made='' system='' base=''
    [ -r "$env/.seedbed/stamp" ] || return 0
    while IFS='' read -r line || [ -n "$line" ]; do
        case $line in
            project=*) project=${line#project=} ;;
            lock=*)    made=${line#lock=} ;;
            system=*)  system=${line#system=} ;;
            base=*)    base=${line#base=} ;;
        esac
    done < "$env/.seedbed/stamp"
}

made_by_uv() {                  # by `uv sync`, past the engine: it is ours to finish
    case $manager,$env in "uv,$root"/*) ;; *) return 1 ;; esac
    [ -r "$env/pyvenv.cfg" ] || return 1
    while IFS='' read -r line; do
        case $line in 'uv = '*) return 0 ;; esac
    done < "$env/pyvenv.cfg"
    return 1
}

look() {                        # what is at the environment's place -> state, why
    stamp
    if [ -z "$project" ]; then
        if [ ! -L "$env" ] && { [ ! -e "$env" ] || is_empty; }; then
            state=missing why="There is no environment at $label yet."
        elif made_by_uv; then
            state=incomplete why="$label was made past tools/env and is not proven yet."
        else
            state=foreign why="$label was not made by this project and is left alone."
        fi
    elif [ -n "$system" ] && other_system; then
        state=foreign why="$label was made on another system ($system), which may still use it."
    # -ef is "the same directory", so a symbolic link to the project is fine and a copy is not
    elif ! [ "$project" -ef "$root" ]; then
        state=moved why="$label was made for $project."
        case $env in
            "$root"/*) ;;       # inside a project that was copied: it is the copy's own
            *) if [ -e "$project/tools/env.cfg" ]; then
                   state=foreign why="$label is the environment of $project."
               fi ;;
        esac
    elif [ -z "$made" ] || [ ! -f "$env/.seedbed/manifest.json" ]; then
        state=incomplete why="Making $label was not finished."
    elif [ ! -x "$python_path" ]; then          # also a link to a Python that was removed
        state=broken why="The Python of $label is gone."
    elif [ -n "$base" ] && ! [ "$python_path" -ef "$base" ]; then
        # python3 has become the next one, which takes none of its packages
        state=broken why="The Python of $label is not $base any more, from which it was made."
    elif [ ! -f "$env/pyvenv.cfg" ]; then
        state=broken why="$label/pyvenv.cfg is gone or damaged, so its Python takes another one's packages."
    else
        state=stale
        replaced "$lock" ' ' ' or '
        why="$x has changed since $label was made from it."
        if [ -r "$root/${lock%% *}" ]; then
            x=$(digest)
            if [ "${x%% *}" = "$made" ]; then state=ready; fi
        fi
    fi
}

offer() {                       # 1 only if it was to be made and could not: tools/env has said why
    case $state in missing | incomplete) ;; *) return 0 ;; esac
    if ! [ -t 0 ] || ! [ -t 2 ] || ! find_python; then return 0; fi
    printf '%s Make it now? [Y/n] ' "$why" >&2
    if ! IFS=' ' read -r x; then printf '\n' >&2; return 0; fi
    case $x in '' | [Yy]*) ;; *) return 0 ;; esac
    "$python" -I "$root/tools/env" sync >&2 || return 1
    settings
    look
}

root=$(CDPATH='' cd -P -- "$root" >/dev/null && pwd -P) || exit 1
line_end='
'
settings
case $env in *:*)
    why="$env has ':' in its name, which PATH cannot hold."
    advise_another_place 'Choose another place'
    exit 1 ;;
esac
look
offer || exit 1
case $state in
    ready)      ;;
    stale)      advise 'Bring it up to date' '  ' ;;
    missing)    advise 'Make it' "$line_end    " ;;
    incomplete) advise 'Finish it' "$line_end    " ;;
    broken)     advise 'Repair it' "$line_end    " ;;
    moved)      advise 'If this project was moved or copied, make it anew' "$line_end    " ;;
    foreign)    advise_another_place 'Remove it yourself, or choose another place' ;;
esac
case $state in
    ready | stale) printf '%s %s\n' "$name" "$bin" ;;
    *)             exit 1 ;;
esac
