# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   source activate.fish
# Leave it with: deactivate. For fish 3.2 and newer. What does not depend on the shell is in
# tools/enter.sh.

function _seedbed_enter --argument-names root
    if not test -r $root/tools/env.cfg
        echo 'activate.fish: No tools/env.cfg beside this file.' \
            'Go to the project first, then:  source activate.fish' >&2
        return 1
    end
    set -l found (/bin/sh -- $root/tools/enter.sh $root activate.fish)
    or return 1
    set -l words (string split --max 1 ' ' -- $found)
    set -l env (string replace --regex '/[^/]*$' '' -- $words[2])

    # what is active now, be it this one, cleans up after itself
    if set -q VIRTUAL_ENV; and functions -q deactivate
        deactivate nondestructive >/dev/null 2>&1
    end
    # entered in a parent shell, so the variables are here and the function was not: leave it
    if test "$VIRTUAL_ENV" = $env
        set -l at (contains --index -- $words[2] $PATH)
        and set -e PATH[$at]
        set -e VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    end

    set -g _seedbed_bin $words[2]
    set -q VIRTUAL_ENV; and set -g _seedbed_outer $VIRTUAL_ENV
    set -q VIRTUAL_ENV_PROMPT; and set -g _seedbed_outer_prompt $VIRTUAL_ENV_PROMPT
    # the _OLD_ names are those of venv's own activate, which undoes us by them if it comes next
    set -g _OLD_VIRTUAL_PATH $PATH
    set -gx VIRTUAL_ENV $env
    set -gx VIRTUAL_ENV_PROMPT $words[1]
    if set -q PYTHONHOME
        set -g _OLD_VIRTUAL_PYTHONHOME $PYTHONHOME
        set -e PYTHONHOME
    end
    if test -d $env/conda/conda-meta             # what it stands on, behind it on PATH
        set -g _seedbed_conda $env/conda
        set -q CONDA_PREFIX; and set -g _seedbed_outer_conda $CONDA_PREFIX "$CONDA_DEFAULT_ENV"
        set -gx CONDA_PREFIX $_seedbed_conda
        set -gx CONDA_DEFAULT_ENV $words[1]
    end
    set -gx PATH $_seedbed_bin $_seedbed_conda/bin $PATH
    for script in $_seedbed_conda/etc/conda/activate.d/*.fish
        source $script
    end
    if not set -q VIRTUAL_ENV_DISABLE_PROMPT; and functions -q fish_prompt      # which loads it
        functions -c fish_prompt _old_fish_prompt
        set -g _OLD_FISH_PROMPT_OVERRIDE $env
        function fish_prompt
            set -l code $status                  # the prompt that follows may show it
            printf '(%s) ' $VIRTUAL_ENV_PROMPT
            _seedbed_status $code
            _old_fish_prompt
        end
        function _seedbed_status
            return $argv[1]
        end
    end

    function deactivate --description 'Leave the Python environment'
        for script in $_seedbed_conda/etc/conda/deactivate.d/*.fish
            source $script
        end
        for each in $_seedbed_bin $_seedbed_conda/bin      # PATH may have changed since
            set -l at (contains --index -- $each $PATH)
            and set -e PATH[$at]
        end
        set -e VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        set -q _seedbed_outer; and set -gx VIRTUAL_ENV $_seedbed_outer
        set -q _seedbed_outer_prompt; and set -gx VIRTUAL_ENV_PROMPT $_seedbed_outer_prompt
        if set -q _seedbed_conda
            set -e CONDA_PREFIX CONDA_DEFAULT_ENV
            if set -q _seedbed_outer_conda
                set -gx CONDA_PREFIX $_seedbed_outer_conda[1]
                set -gx CONDA_DEFAULT_ENV $_seedbed_outer_conda[2]
            end
        end
        set -q _OLD_VIRTUAL_PYTHONHOME; and set -gx PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME
        if functions -q _old_fish_prompt
            functions -e fish_prompt
            functions -c _old_fish_prompt fish_prompt
            functions -e _old_fish_prompt _seedbed_status
        end
        set -e _seedbed_bin _seedbed_conda _seedbed_outer _seedbed_outer_prompt \
            _seedbed_outer_conda _OLD_VIRTUAL_PATH _OLD_VIRTUAL_PYTHONHOME _OLD_FISH_PROMPT_OVERRIDE
        if test "$argv[1]" != nondestructive
            functions -e deactivate
        end
        return 0
    end
    return 0
end

_seedbed_enter (status dirname)
set -l code $status
functions -e _seedbed_enter
return $code
