# Owned by the template and the same in every project: change it there, not here.
#
# What `deactivate` is in tcsh and csh, which have no functions; see activate.csh. _seedbed_how is
# what was typed after it.
set _seedbed_remove = 'x=:$PATH: d=:$_SEEDBED_X:; case $x in *"$d"*) x=${x%%"$d"*}:${x#*"$d"} x=${x#:} x=${x%:} ;; *) x=$PATH ;; esac; printf "%s\n" "$x"'
if ( $?_seedbed_conda ) then
    setenv _SEEDBED_X $_seedbed_conda:q/etc/conda/deactivate.d
    set _seedbed_scripts = 'for x in "$_SEEDBED_X"/*.csh; do if [ -r "$x" ]; then printf "%s\n" "$x"; fi; done'
    foreach _seedbed_script ( "`/bin/sh -c '$_seedbed_scripts'`" )
        if ( "$_seedbed_script:q" != '' ) source $_seedbed_script:q
    end
    unset _seedbed_scripts _seedbed_script
    setenv _SEEDBED_X $_seedbed_conda:q/bin
    setenv PATH "`/bin/sh -c '$_seedbed_remove'`"
    unsetenv CONDA_PREFIX
    unsetenv CONDA_DEFAULT_ENV
    if ( $?_seedbed_outer_conda ) then
        setenv CONDA_PREFIX $_seedbed_outer_conda[1]:q
        setenv CONDA_DEFAULT_ENV $_seedbed_outer_conda[2]:q
    endif
endif
setenv _SEEDBED_X $_seedbed_bin:q                # taken out: PATH may have changed since
setenv PATH "`/bin/sh -c '$_seedbed_remove'`"
unsetenv _SEEDBED_X
unsetenv VIRTUAL_ENV
unsetenv VIRTUAL_ENV_PROMPT
# in blocks: what stands behind a condition on its line is expanded whatever comes of it
if ( $?_seedbed_outer ) then
    setenv VIRTUAL_ENV $_seedbed_outer:q
endif
if ( $?_seedbed_outer_prompt ) then
    setenv VIRTUAL_ENV_PROMPT $_seedbed_outer_prompt:q
endif
if ( $?_OLD_VIRTUAL_PYTHONHOME ) then
    setenv PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME:q
endif
if ( $?_OLD_VIRTUAL_PROMPT ) then
    set prompt = $_OLD_VIRTUAL_PROMPT:q
endif
if ( "$_seedbed_how" != nondestructive ) unalias deactivate
unset _seedbed_how _seedbed_remove _seedbed_bin _seedbed_conda _seedbed_outer \
      _seedbed_outer_prompt _seedbed_outer_conda _seedbed_leave _OLD_VIRTUAL_PATH \
      _OLD_VIRTUAL_PROMPT _OLD_VIRTUAL_PYTHONHOME
rehash
