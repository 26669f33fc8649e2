# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   . ./activate.sh
# Leave it with: deactivate. For bash, zsh, ksh, mksh, dash, busybox and yash. The "./" matters:
# without it PATH is searched.
#
# Every name here begins with _seedbed_ and is gone at the end; functions share the caller's
# variables because `local` is not in every shell that has to read this file.
# shellcheck shell=sh disable=SC1001,SC3013,SC3028

_seedbed_say() { \printf 'activate.sh: %s\n' "$*" >&2; }

_seedbed_look() {               # 0 when the environment may be entered: its name and programs
    if [ -n "${ZSH_VERSION-}" ]; then emulate -L sh; fi
    if ! [ -r "$_seedbed_root/tools/env.cfg" ]; then
        _seedbed_say 'No tools/env.cfg beside this file.' \
                     'Go to the project first, then:  . ./activate.sh'
        return 1
    fi
    # a process of its own: no alias, option or function of this shell gets between
    _seedbed_x=$(/bin/sh -- "$_seedbed_root/tools/enter.sh" "$_seedbed_root" activate.sh) || return 1
    _seedbed_name=${_seedbed_x%% *} _seedbed_programs=${_seedbed_x#* }
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
    _seedbed_env=${_seedbed_programs%/*}
    _seedbed_bin=$_seedbed_programs _seedbed_ps1="($_seedbed_name) "
    _seedbed_outer='' _seedbed_outer_prompt=''
    # entered in a parent shell, so the variables are here and the function was not: leave it
    if [ "${VIRTUAL_ENV-}" = "$_seedbed_env" ]; then \deactivate nondestructive; fi
    _seedbed_bin=$_seedbed_programs _seedbed_ps1='' _seedbed_outer=${VIRTUAL_ENV-}
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
    unset _seedbed_self _seedbed_direct _seedbed_root _seedbed_x _seedbed_pid _seedbed_rest \
          _seedbed_line _seedbed_name _seedbed_programs _seedbed_env
    unset -f _seedbed_say _seedbed_look _seedbed_leave _seedbed_enter _seedbed_enter_conda \
             _seedbed_tidy
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
else
    case ${KSH_VERSION-} in
        *'93u+'*) eval '_seedbed_self=${.sh.file}' ;;
    esac
fi
if [ -z "$_seedbed_self" ] && [ -r /proc/self/stat ]; then
    # dash, mksh, busybox and yash cannot say it, but hold the file open while they read it
    IFS=' ' read -r _seedbed_pid _seedbed_rest < /proc/self/stat    # no fork: $$ can be the parent
    _seedbed_x=$(\command ls -l "/proc/$_seedbed_pid/fd" 2>/dev/null) || :
    case $_seedbed_x in *' -> /'*/activate.sh*)
        _seedbed_x=${_seedbed_x%/activate.sh*}
        _seedbed_self=${_seedbed_x##*' -> '}/activate.sh ;;
    esac
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
if _seedbed_look; then
    _seedbed_leave
else
    _seedbed_tidy
    # without `|| :` dash and busybox end a script that catches this, and with it ksh goes on
    case ${KSH_VERSION-} in ?*) return 1 ;; *) return 1 || : ;; esac
fi

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
