# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   overlay use activate.nu
# Leave it with: deactivate. For Nushell 0.107 and newer, which itself puts every variable back.
# What does not depend on the shell is in tools/enter.sh, on Windows in activate.bat.

export-env {
    let root = $env.FILE_PWD
    if not ($root | path join 'tools' 'env.cfg' | path exists) {
        print --stderr 'activate.nu: No tools/env.cfg beside this file. Go to the project first, then:  overlay use activate.nu'
        error make --unspanned {msg: 'not entered'}
    }
    let windows = ($nu.os-info.name == 'windows')
    let found = try {
        if $windows { ^cmd /c ($root | path join 'activate.bat') /look activate.nu } else {
            ^/bin/sh -- ($root | path join 'tools' 'enter.sh') $root activate.nu
        }
    } catch { '' } | str trim --right
    if ($found | is-empty) {
        error make --unspanned {msg: 'not entered'}        # why has been said
    }
    let name = ($found | split row ' ' | first)
    let programs = ($found | str substring (($name | str length) + 1)..)
    let dir = ($programs | path dirname)

    # one that is active already, in this shell or in the one that started it, is left
    let path_name = if 'Path' in $env { 'Path' } else { 'PATH' }
    let ours = if $env.VIRTUAL_ENV? == null { [$programs] } else { [$programs ($env.VIRTUAL_ENV | path join ($programs | path basename))] }
    mut entries = ($env | get $path_name | where {|it| $it not-in $ours} | prepend $programs)
    if ($dir | path join 'conda' 'conda-meta' | path exists) {    # what it stands on
        let conda = ($dir | path join 'conda')
        let inner = if $windows { ['' 'Library/mingw-w64/bin' 'Library/usr/bin' 'Library/bin' 'Scripts'] } else { ['bin'] }
        let own = ($inner | each {|it| $conda | path join $it })
        $entries = ($entries | skip 1 | prepend $own | prepend $programs)
        load-env {CONDA_PREFIX: $conda, CONDA_DEFAULT_ENV: $name}
    }
    load-env {$path_name: $entries, VIRTUAL_ENV: $dir, VIRTUAL_ENV_PROMPT: $name}
    if $env.PYTHONHOME? != null { $env.PYTHONHOME = null }    # what is hidden does not come back
    if $env.VIRTUAL_ENV_DISABLE_PROMPT? == null {
        let before = if '_SEEDBED_PROMPT' in $env { $env._SEEDBED_PROMPT } else { $env.PROMPT_COMMAND? }
        $env._SEEDBED_PROMPT = $before        # so that entering twice shows the name once
        $env.PROMPT_COMMAND = {||
            let rest = if ($before | describe) == 'closure' { do $before } else { $before | default '' }
            $'(char lparen)($name)(char rparen) ($rest)'
        }
    }
}

export alias deactivate = overlay hide activate
