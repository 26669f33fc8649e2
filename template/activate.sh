# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   . ./activate.sh
# Leave it with: deactivate. For bash and zsh. The "./" matters: without it PATH is searched.
#
# Every name here begins with _seedbed_ and is gone at the end; functions share the caller's
# variables because `local` is not in every shell that has to read this file.
# shellcheck shell=sh disable=SC1001,SC3013,SC3028

_seedbed_say() { \printf 'activate.sh: %s\n' "$*" >&2; }

_seedbed_trim() {               # $1 without white space or a Windows line end -> _seedbed_x
    _seedbed_x=${1#"${1%%[![:space:]]*}"}
    _seedbed_x=${_seedbed_x%"${_seedbed_x##*[![:space:]]}"}
}

_seedbed_quote() {              # $1 as one word that can be pasted into a shell -> _seedbed_x
    _seedbed_x=$1
    case $1 in *[!A-Za-z0-9/._-]*) ;; *) return 0 ;; esac
    _seedbed_x="'" _seedbed_rest=$1
    while :; do
        case $_seedbed_rest in *\'*) ;; *) break ;; esac
        _seedbed_x=$_seedbed_x${_seedbed_rest%%\'*}"'\\''"
        _seedbed_rest=${_seedbed_rest#*\'}
    done
    _seedbed_x=$_seedbed_x$_seedbed_rest\'
}

_seedbed_find_python() {        # one that can run tools/env -> _seedbed_python
    for _seedbed_python in python3 python; do
        if \command -v "$_seedbed_python" >/dev/null 2>&1 &&
           \command "$_seedbed_python" -ISc 'import sys; sys.exit(sys.version_info < (3, 9))' \
               </dev/null >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

_seedbed_advise() {             # $1 what is the case, $2 what the command that follows does
    if ! _seedbed_find_python; then
        _seedbed_say "$1 Install Python 3.9 or newer first: neither python3 nor python is one."
        return 0
    fi
    _seedbed_x=tools/env
    if ! [ . -ef "$_seedbed_root" ]; then _seedbed_quote "$_seedbed_root/tools/env"; fi
    _seedbed_x="$_seedbed_python $_seedbed_x sync"
    case $_seedbed_state in
        stale) _seedbed_say "$1 $2:  $_seedbed_x" ;;
        *)     _seedbed_say "$1 $2:"; \printf '    %s\n' "$_seedbed_x" >&2 ;;
    esac
}

_seedbed_settings() {           # tools/env.cfg -> _seedbed_name, _manager, _env, _lock
    _seedbed_name='' _seedbed_manager='' _seedbed_env=.venv _seedbed_lock=requirements-dev.txt
    while IFS='' read -r _seedbed_line || [ -n "$_seedbed_line" ]; do
        _seedbed_trim "${_seedbed_line#*=}"
        case $_seedbed_line in
            name[\ =]*) _seedbed_name=$_seedbed_x ;;
            manager[\ =]*) _seedbed_manager=$_seedbed_x ;;
            env[\ =]*)  _seedbed_env=$_seedbed_x ;;
            lock[\ =]*) _seedbed_lock=$_seedbed_x ;;
        esac
    done < "$_seedbed_root/tools/env.cfg"
    # a prompt is expanded each time it is shown: nothing that could run may get into it
    case $_seedbed_name in '' | *[!A-Za-z0-9._-]*) _seedbed_name='env' ;; esac

    case $_seedbed_env in
        \$WORKON_HOME/*) _seedbed_env=${WORKON_HOME:-${HOME-}/.virtualenvs}/${_seedbed_env#*/} ;;
    esac
    _seedbed_env=${UV_PROJECT_ENVIRONMENT:-$_seedbed_env}
    _seedbed_x=$_seedbed_root
    while :; do                 # the root has no symbolic links in it, so `..` is the name before
        case $_seedbed_env in
            /*)   break ;;
            ./*)  _seedbed_env=${_seedbed_env#./} ;;
            ../*) _seedbed_env=${_seedbed_env#../} _seedbed_x=${_seedbed_x%/*} ;;
            *)    _seedbed_env=$_seedbed_x/$_seedbed_env ;;
        esac
    done
    _seedbed_env=${_seedbed_env%/}
}

_seedbed_is_empty() {           # a directory, and nothing in it but the engine's own folder
    [ -d "$_seedbed_env" ] && _seedbed_x=$(\command ls -A "$_seedbed_env" 2>/dev/null) &&
        [ "${_seedbed_x:-.seedbed}" = .seedbed ]
}

_seedbed_digest() {             # sha256 over the lock files, one after the other
    IFS=' '
    for _seedbed_x in $_seedbed_lock; do
        \command cat "$_seedbed_root/$_seedbed_x" 2>/dev/null || :
    done | { \command sha256sum || \command shasum -a 256; } 2>/dev/null
}

_seedbed_look() {               # what is at the environment's place -> _seedbed_state
    _seedbed_project='' _seedbed_made='' _seedbed_state=foreign
    if [ -r "$_seedbed_env/.seedbed/stamp" ]; then
        while IFS='' read -r _seedbed_line || [ -n "$_seedbed_line" ]; do
            case $_seedbed_line in
                project=*) _seedbed_project=${_seedbed_line#project=} ;;
                lock=*)    _seedbed_made=${_seedbed_line#lock=} ;;
            esac
        done < "$_seedbed_env/.seedbed/stamp"
    fi
    if [ -z "$_seedbed_project" ]; then
        if [ ! -L "$_seedbed_env" ] && { [ ! -e "$_seedbed_env" ] || _seedbed_is_empty; }; then
            _seedbed_state=missing
        elif [ "$_seedbed_manager" = uv ]; then         # `uv sync` made it, past the engine
            case $_seedbed_env in "$_seedbed_root"/*)
                if [ -r "$_seedbed_env/pyvenv.cfg" ]; then
                    while IFS='' read -r _seedbed_line; do
                        case $_seedbed_line in 'uv = '*) _seedbed_state=incomplete ;; esac
                    done < "$_seedbed_env/pyvenv.cfg"
                fi ;;
            esac
        fi
        return 0
    fi
    # -ef is "the same directory", so a symbolic link to the project is fine and a copy is not
    if ! [ "$_seedbed_project" -ef "$_seedbed_root" ]; then
        case $_seedbed_env in
            "$_seedbed_root"/*) _seedbed_state=moved ;;
            *) if [ ! -e "$_seedbed_project/tools/env.cfg" ]; then _seedbed_state=moved; fi ;;
        esac                    # else its owner is still there, and it stays foreign
    elif [ -z "$_seedbed_made" ] || [ ! -f "$_seedbed_env/.seedbed/manifest.json" ]; then
        _seedbed_state=incomplete
    elif [ ! -x "$_seedbed_env/bin/python" ]; then     # also a link to a Python that was removed
        _seedbed_state=broken
    else
        _seedbed_state=stale
        if [ -r "$_seedbed_root/${_seedbed_lock%% *}" ]; then
            _seedbed_x=$(_seedbed_digest)
            if [ "${_seedbed_x%% *}" = "$_seedbed_made" ]; then _seedbed_state=ready; fi
        fi
    fi
}

_seedbed_offer() {              # 1 only if it was to be made and could not: tools/env has said why
    case $_seedbed_state in
        missing)    _seedbed_x='No environment yet.' ;;
        incomplete) _seedbed_x='The environment was not finished.' ;;
        *)          return 0 ;;
    esac
    if ! [ -t 0 ] || ! [ -t 2 ] || ! _seedbed_find_python; then return 0; fi
    \printf '%s Make it now? [Y/n] ' "$_seedbed_x" >&2
    if ! IFS=' ' read -r _seedbed_x; then \printf '\n' >&2; return 0; fi
    case $_seedbed_x in '' | [Yy]*) ;; *) return 0 ;; esac
    \command "$_seedbed_python" -I "$_seedbed_root/tools/env" sync || return 1
    _seedbed_look
}

_seedbed_main() {               # 0 when the environment is there and may be entered
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    # no alias, no function called cd, and no CDPATH gets between
    if ! _seedbed_root=$(CDPATH='' \command cd -P -- "$_seedbed_root" >/dev/null 2>&1 && \pwd -P) ||
       [ ! -r "$_seedbed_root/tools/env.cfg" ]; then
        _seedbed_say 'No tools/env.cfg beside this file.' \
                     'Go to the project first, then:  . ./activate.sh'
        return 1
    fi
    _seedbed_settings
    case $_seedbed_env in *:*)
        _seedbed_say "$_seedbed_env has a colon in its name, which PATH cannot hold." \
                     'Choose another place:  export UV_PROJECT_ENVIRONMENT=/another/place'
        return 1 ;;
    esac
    _seedbed_look
    _seedbed_offer || return 1

    case $_seedbed_state in
        ready)      return 0 ;;
        stale)      _seedbed_advise "$_seedbed_lock has changed since this environment was made." \
                                    'Bring it up to date with'
                    return 0 ;;
        missing)    _seedbed_advise "There is no environment at $_seedbed_env." 'Make it with' ;;
        incomplete) _seedbed_advise "$_seedbed_env was not finished." 'Finish it with' ;;
        broken)     _seedbed_advise "$_seedbed_env has no working Python." 'Repair it with' ;;
        moved)      _seedbed_advise "$_seedbed_env was made for $_seedbed_project, not here." \
                                    'If this project was moved or copied, make it anew with' ;;
        foreign)    _seedbed_x=${_seedbed_project:+ but by $_seedbed_project}
                    _seedbed_say "$_seedbed_env was not made by this project$_seedbed_x and is" \
                                 'left alone. Remove it yourself, or choose another place:'
                    \printf '    %s\n' 'export UV_PROJECT_ENVIRONMENT=/another/place' >&2 ;;
    esac
    return 1
}

_seedbed_leave() {              # what is active now, be it this one: it cleans up after itself
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    \unalias deactivate 2>/dev/null || :        # else the alias would break our definition of it
    if [ -n "${VIRTUAL_ENV-}" ] && \command -v deactivate >/dev/null 2>&1; then
        \deactivate nondestructive >/dev/null 2>&1 || :
    fi
}

_seedbed_enter() {
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    _seedbed_bin=$_seedbed_env/bin _seedbed_ps1="($_seedbed_name) "
    _seedbed_outer='' _seedbed_outer_prompt=''
    # entered in a parent shell, so the variables are here and the function was not: leave it
    if [ "${VIRTUAL_ENV-}" = "$_seedbed_env" ]; then \deactivate nondestructive; fi
    _seedbed_bin=$_seedbed_env/bin _seedbed_ps1='' _seedbed_outer=${VIRTUAL_ENV-}
    _seedbed_outer_prompt=${VIRTUAL_ENV_PROMPT-}
    # the _OLD_ names are those of venv's own activate, which undoes us by them if it comes next
    _OLD_VIRTUAL_PATH=$PATH
    PATH=$_seedbed_bin${PATH:+:$PATH}
    VIRTUAL_ENV=$_seedbed_env VIRTUAL_ENV_PROMPT=$_seedbed_name
    export PATH VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    unset _seedbed_conda
    if [ -d "$_seedbed_env/conda/conda-meta" ]; then _seedbed_enter_conda; fi
    if [ -n "${PYTHONHOME-}" ]; then _OLD_VIRTUAL_PYTHONHOME=$PYTHONHOME; unset PYTHONHOME; fi
    if [ -n "${PS1-}" ] && [ -z "${VIRTUAL_ENV_DISABLE_PROMPT-}" ]; then
        _OLD_VIRTUAL_PS1=$PS1
        _seedbed_ps1="($_seedbed_name) "
        PS1=$_seedbed_ps1$PS1
    fi
}

_seedbed_enter_conda() {        # the prefix that the environment stands on, behind it on PATH
    _seedbed_conda=$_seedbed_env/conda
    _seedbed_outer_conda=${CONDA_PREFIX-} _seedbed_outer_conda_name=${CONDA_DEFAULT_ENV-}
    PATH=$_seedbed_bin:$_seedbed_conda/bin${_OLD_VIRTUAL_PATH:+:$_OLD_VIRTUAL_PATH}
    CONDA_PREFIX=$_seedbed_conda CONDA_DEFAULT_ENV=$_seedbed_name
    export CONDA_PREFIX CONDA_DEFAULT_ENV
    _seedbed_source activate
}

_seedbed_source() {             # packages' own scripts: they know nothing of `set -eu`
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    _seedbed_x=$-
    set +eu
    for _seedbed_line in "$_seedbed_conda/etc/conda/$1.d"/*.sh; do
        if [ -r "$_seedbed_line" ]; then . "$_seedbed_line"; fi
    done
    case $_seedbed_x in *e*) set -e ;; esac
    case $_seedbed_x in *u*) set -u ;; esac
}

_seedbed_tidy() {
    unset _seedbed_self _seedbed_direct _seedbed_root _seedbed_x _seedbed_rest _seedbed_line \
          _seedbed_python _seedbed_name _seedbed_manager _seedbed_env _seedbed_lock _seedbed_state \
          _seedbed_project _seedbed_made
    unset -f _seedbed_say _seedbed_trim _seedbed_quote _seedbed_find_python _seedbed_advise \
             _seedbed_settings _seedbed_digest _seedbed_is_empty _seedbed_look _seedbed_offer \
             _seedbed_main _seedbed_leave _seedbed_enter _seedbed_enter_conda _seedbed_tidy
    if [ -z "${_seedbed_conda-}" ]; then unset -f _seedbed_source; fi
}

# Which file is this, and was it started as a program?
_seedbed_self='' _seedbed_direct=''
if [ -n "${BASH_VERSION-}" ]; then
    _seedbed_self=${BASH_SOURCE-}               # is ${BASH_SOURCE[0]}, which dash cannot parse
    if [ "$_seedbed_self" = "$0" ]; then _seedbed_direct=yes; fi
elif [ -n "${ZSH_VERSION-}" ]; then
    eval '_seedbed_self=${(%):-%x}'
    if [ "${ZSH_EVAL_CONTEXT-}" = toplevel ]; then _seedbed_direct=yes; fi
elif [ "${0##*/}" = activate.sh ]; then
    _seedbed_direct=yes
fi
case $_seedbed_self in
    */*) _seedbed_root=${_seedbed_self%/*}/ ;;
    *)   _seedbed_root=. ;;                     # also for a shell that cannot say it
esac
if [ -n "$_seedbed_direct" ]; then
    _seedbed_say 'A program cannot change the shell that starts it.' \
                 'Source this file:  . ./activate.sh'
    exit 1
fi

# In an `if`, so that `set -e` and ERR traps leave what happens inside alone.
if _seedbed_main; then _seedbed_leave; else _seedbed_tidy; return 1; fi

deactivate() {                  # takes out what is ours: PATH and PS1 may have changed since
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    if [ -n "${_seedbed_conda-}" ]; then _seedbed_source deactivate; fi
    for _seedbed_line in "$_seedbed_bin" ${_seedbed_conda:+"$_seedbed_conda/bin"}; do
        _seedbed_x=:$PATH:
        case $_seedbed_x in *":$_seedbed_line:"*)
            _seedbed_x=${_seedbed_x%%":$_seedbed_line:"*}:${_seedbed_x#*":$_seedbed_line:"}
            _seedbed_x=${_seedbed_x#:}
            PATH=${_seedbed_x%:} ;;
        esac
    done
    if [ -n "$_seedbed_ps1" ]; then
        case ${PS1-} in *"$_seedbed_ps1"*)
            PS1=${PS1%%"$_seedbed_ps1"*}${PS1#*"$_seedbed_ps1"} ;;
        esac
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    if [ -n "$_seedbed_outer" ]; then VIRTUAL_ENV=$_seedbed_outer; export VIRTUAL_ENV; fi
    if [ -n "$_seedbed_outer_prompt" ]; then
        VIRTUAL_ENV_PROMPT=$_seedbed_outer_prompt; export VIRTUAL_ENV_PROMPT
    fi
    if [ -n "${_seedbed_conda-}" ]; then
        unset CONDA_PREFIX CONDA_DEFAULT_ENV
        if [ -n "$_seedbed_outer_conda" ]; then
            CONDA_PREFIX=$_seedbed_outer_conda CONDA_DEFAULT_ENV=$_seedbed_outer_conda_name
            export CONDA_PREFIX CONDA_DEFAULT_ENV
        fi
        unset -f _seedbed_source
    fi
    if [ -n "${_OLD_VIRTUAL_PYTHONHOME-}" ]; then
        PYTHONHOME=$_OLD_VIRTUAL_PYTHONHOME; export PYTHONHOME
    fi
    unset _seedbed_x _seedbed_line _seedbed_bin _seedbed_ps1 _seedbed_outer _seedbed_outer_prompt \
          _seedbed_conda _seedbed_outer_conda _seedbed_outer_conda_name \
          _OLD_VIRTUAL_PATH _OLD_VIRTUAL_PS1 _OLD_VIRTUAL_PYTHONHOME
    if [ "${1-}" != nondestructive ]; then unset -f deactivate; fi
}
_seedbed_enter
_seedbed_tidy
return 0
