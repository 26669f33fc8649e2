# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   source activate.csh
# Leave it with: deactivate. For tcsh and csh. What does not depend on the shell is in tools/enter.sh.
#
# csh expands what stands in "`...`" twice: there, a script must be in single quotes, and its data in
# variables of the process.

# Which file is this? csh cannot say, but holds it open while it reads it.
set _seedbed_root = ''
if ( -d /proc/$$/fd ) then
    set _seedbed_root = "`\ls -l /proc/$$/fd | \sed -n 's,^.* -> \(/.*\)/activate.csh,\1,p' | \tail -n 1`"
else if ( -x /usr/sbin/lsof || -x /usr/bin/lsof ) then
    set _seedbed_root = "`\lsof -a -p $$ -d 0-255 -Fn | \sed -n 's,^n\(/.*\)/activate.csh,\1,p' | \tail -n 1`"
endif
if ( "$_seedbed_root:q" == '' ) set _seedbed_root = $cwd:q

# The name, the directory of programs and the environment, a line each; none where it is refused.
set _seedbed_found = ''
if ( -r $_seedbed_root:q/tools/env.cfg ) then
    setenv _SEEDBED_X $_seedbed_root:q
    set _seedbed_x = 'x=$(/bin/sh -- "$_SEEDBED_X/tools/enter.sh" "$_SEEDBED_X" activate.csh) && y=${x#* } && printf "%s\n" "${x%% *}" "$y" "${y%/*}"'
    set _seedbed_found = ( "`/bin/sh -c '$_seedbed_x'`" )
else
    /bin/sh -c 'echo "activate.csh: No tools/env.cfg beside this file. Go to the project first, then:  source activate.csh" >&2'
endif

set _seedbed_code = 1
if ( $#_seedbed_found == 3 ) then
    set _seedbed_code = 0
    # what is active now, be it this one, cleans up after itself
    if ( $?VIRTUAL_ENV && "`alias deactivate`" != '' ) eval 'deactivate nondestructive'
    set _seedbed_bin = $_seedbed_found[2]:q
    # entered in a parent shell, so the variables are here and the alias was not: leave it
    if ( $?VIRTUAL_ENV ) then
        if ( "$VIRTUAL_ENV:q" == "$_seedbed_found[3]:q" ) then
            set _seedbed_how = nondestructive
            source $_seedbed_root:q/tools/leave.csh
            set _seedbed_bin = $_seedbed_found[2]:q
        else
            set _seedbed_outer = $VIRTUAL_ENV:q
        endif
    endif
    if ( $?VIRTUAL_ENV_PROMPT ) then
        set _seedbed_outer_prompt = $VIRTUAL_ENV_PROMPT:q
    endif

    # the _OLD_ names are those of venv's own activate, which undoes us by them if it comes next
    set _OLD_VIRTUAL_PATH = $PATH:q
    setenv VIRTUAL_ENV $_seedbed_found[3]:q
    setenv VIRTUAL_ENV_PROMPT $_seedbed_found[1]
    if ( $?PYTHONHOME ) then
        set _OLD_VIRTUAL_PYTHONHOME = $PYTHONHOME:q
        unsetenv PYTHONHOME
    endif
    if ( -d $VIRTUAL_ENV:q/conda/conda-meta ) then          # what it stands on, behind it on PATH
        set _seedbed_conda = $VIRTUAL_ENV:q/conda
        if ( $?CONDA_PREFIX && $?CONDA_DEFAULT_ENV ) then
            set _seedbed_outer_conda = ( $CONDA_PREFIX:q $CONDA_DEFAULT_ENV:q )
        endif
        setenv CONDA_PREFIX $_seedbed_conda:q
        setenv CONDA_DEFAULT_ENV $_seedbed_found[1]
        setenv PATH $_seedbed_conda:q/bin:$PATH:q
    endif
    setenv PATH ${_seedbed_bin:q}:$PATH:q
    if ( $?_seedbed_conda ) then
        setenv _SEEDBED_X $_seedbed_conda:q/etc/conda/activate.d
        set _seedbed_x = 'for x in "$_SEEDBED_X"/*.csh; do if [ -r "$x" ]; then printf "%s\n" "$x"; fi; done'
        foreach _seedbed_script ( "`/bin/sh -c '$_seedbed_x'`" )
            if ( "$_seedbed_script:q" != '' ) source $_seedbed_script:q
        end
    endif
    if ( $?prompt && ! $?VIRTUAL_ENV_DISABLE_PROMPT ) then
        set _OLD_VIRTUAL_PROMPT = $prompt:q
        set prompt = "($VIRTUAL_ENV_PROMPT) $prompt:q"
    endif
    set _seedbed_leave = $_seedbed_root:q/tools/leave.csh
    alias deactivate 'set _seedbed_how = "\!*"; source $_seedbed_leave:q'
    rehash
endif
unset _seedbed_root _seedbed_found _seedbed_x _seedbed_script
unsetenv _SEEDBED_X
# last, and in no `if`: endif sets it to 0
eval "unset _seedbed_code; set status = $_seedbed_code"
