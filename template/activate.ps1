# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   . .\activate.ps1
# Leave it with: deactivate. For Windows PowerShell 5.1 and PowerShell 7, on every system.
# Where Windows says that running scripts is disabled, that is its execution policy. Without a
# script, this does as well:   py tools/env run -- COMMAND

# What enters: the name for the prompt and the directory of programs, or nothing when it is refused.
function global:_seedbed_look([string] $root) {
    $ErrorActionPreference = 'Continue'     # else 5.1 stops at a program's standard error
    $windows = [IO.Path]::DirectorySeparatorChar -eq '\'

    function say([string] $text) { [Console]::Error.WriteLine("activate.ps1: $text") }

    function find-python {                  # one that can run tools/env, or nothing
        foreach ($each in $(if ($windows) { 'py', 'python' } else { 'python3', 'python' })) {
            if (Get-Command -Name $each -CommandType Application -ErrorAction Ignore) {
                & $each -ISc 'import sys; sys.exit(sys.version_info < (3, 9))' 2>$null
                if ($LASTEXITCODE -eq 0) { return $each }
            }
        }
    }

    function advise([string] $what, [string] $how, [string] $gap) {
        $python = find-python
        if (-not $python) {
            say "$what Install Python 3.9 or newer first."
            return
        }
        $engine = [IO.Path]::Combine('tools', 'env')
        if ((Get-Location).ProviderPath -ne $root) { $engine = [IO.Path]::Combine($root, $engine) }
        if ($engine -notmatch '^[\w:./\\-]+$') { $engine = "'" + $engine.Replace("'", "''") + "'" }
        say "$what ${how}:$gap$python $engine sync"
    }

    function same-place([string] $one, [string] $two) {     # a link to it too, and no copy of it
        if ($one -eq $two) { return $true }
        if (-not [IO.Directory]::Exists($one)) { return $false }
        return [IO.Directory]::GetCreationTimeUtc($one) -eq [IO.Directory]::GetCreationTimeUtc($two)
    }

    function real-file([string] $path) {                    # what a chain of links leads to
        $item = Get-Item -LiteralPath $path -Force -ErrorAction Ignore
        if (-not ($item -and $item.PSObject.Methods['ResolveLinkTarget'])) { return '' }    # 7.1
        $target = $item.ResolveLinkTarget($true)
        if ($target) { return $target.FullName }
        return $item.FullName
    }

    function read-pairs([string] $file) {                   # lines "key = value"
        $pairs = @{}
        if ([IO.File]::Exists($file)) {
            foreach ($line in [IO.File]::ReadAllLines($file)) {
                $key, $value = $line.Split([char[]] '=', 2)
                $pairs[$key.Trim()] = "$value".Trim()
            }
        }
        return $pairs
    }

    function place([string] $root, $settings) {             # where the environment is
        $place = $env:UV_PROJECT_ENVIRONMENT
        if (-not $place) { $place = $settings['env'] }
        if (-not $place) { $place = '.venv' }
        if ($place.StartsWith('$WORKON_HOME/')) {
            $house = $env:WORKON_HOME
            if (-not $house) { $house = [IO.Path]::Combine($HOME, '.virtualenvs') }
            $place = [IO.Path]::Combine($house, $place.Substring('$WORKON_HOME/'.Length))
        }
        $full = [IO.Path]::GetFullPath([IO.Path]::Combine($root, $place))
        return $full.TrimEnd([char[]] '\/')
    }

    function is-inside([string] $path) {                    # in the project's own directory
        return $path.StartsWith($root + [IO.Path]::DirectorySeparatorChar, 'OrdinalIgnoreCase')
    }

    function digest($files) {                               # sha256 over them, one after the other
        $sha = [Security.Cryptography.SHA256]::Create()
        foreach ($file in $files) {
            if ([IO.File]::Exists($file)) {
                $bytes = [IO.File]::ReadAllBytes($file)
                [void] $sha.TransformBlock($bytes, 0, $bytes.Length, $null, 0)
            }
        }
        [void] $sha.TransformFinalBlock([byte[]] @(), 0, 0)
        return [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLowerInvariant()
    }

    function is-empty([string] $folder) {                   # or only the engine's own folder in it
        $inside = @([IO.Directory]::GetFileSystemEntries($folder))
        return $inside.Count -eq 0 -or
            ($inside.Count -eq 1 -and [IO.Path]::GetFileName($inside[0]) -eq '.seedbed')
    }

    function look([string] $env_path, $settings, $stamp) {  # its state, as the engine has it
        $project = $stamp['project']
        if (-not $project) {
            if (-not (Test-Path -LiteralPath $env_path)) { return 'missing' }
            if ([IO.Directory]::Exists($env_path) -and (is-empty $env_path)) { return 'missing' }
            $made_by = read-pairs ([IO.Path]::Combine($env_path, 'pyvenv.cfg'))
            if ($settings['manager'] -eq 'uv' -and $made_by['uv'] -and
                (is-inside $env_path)) { return 'incomplete' }          # `uv sync` made it
            return 'foreign'
        }
        if ($windows -and $stamp['system'] -and $stamp['system'] -ne 'win32') { return 'foreign' }
        if (-not $windows -and $stamp['system'] -eq 'win32') { return 'foreign' }
        if (-not (same-place $project $root)) {
            $owner = [IO.Path]::Combine($project, 'tools', 'env.cfg')
            if ((is-inside $env_path) -or -not [IO.File]::Exists($owner)) { return 'moved' }
            return 'foreign'
        }
        if (-not $stamp['lock']) { return 'incomplete' }
        if (-not [IO.File]::Exists([IO.Path]::Combine($env_path, '.seedbed', 'manifest.json'))) {
            return 'incomplete'
        }
        $python = if ($windows) { 'Scripts/python.exe' } else { 'bin/python' }
        foreach ($file in $python, 'pyvenv.cfg') {
            if (-not [IO.File]::Exists([IO.Path]::Combine($env_path, $file))) { return 'broken' }
        }
        # python3 has become the next one, which takes none of its packages
        if ($stamp['base'] -and -not $windows -and
            (real-file ([IO.Path]::Combine($env_path, $python))) -ne (real-file $stamp['base'])) {
            return 'broken'
        }
        $locks = $settings['lock'].Split(' ') | ForEach-Object { [IO.Path]::Combine($root, $_) }
        if ((digest $locks) -ne $stamp['lock']) { return 'stale' }
        return 'ready'
    }

    $settings_file = [IO.Path]::Combine($root, 'tools', 'env.cfg')
    if (-not [IO.File]::Exists($settings_file)) {
        say 'No tools/env.cfg beside this file. Go to the project first, then:  . ./activate.ps1'
        return
    }
    $settings = read-pairs $settings_file
    $name = $settings['name']               # a prompt shows it: nothing that could run gets there
    if ($name -notmatch '^[A-Za-z0-9._-]+$') { $name = 'env' }

    $stamp_file = [IO.Path]::Combine('.seedbed', 'stamp')
    $env_path = place $root $settings
    $stamp = read-pairs ([IO.Path]::Combine($env_path, $stamp_file))
    $state = look $env_path $settings $stamp

    $question = @{
        missing = 'No environment yet.'; incomplete = 'The environment was not finished.'
    }[$state]
    if ($question -and -not [Console]::IsInputRedirected -and -not [Console]::IsErrorRedirected) {
        $python = find-python
        if ($python) {
            [Console]::Error.Write("$question Make it now? [Y/n] ")
            $answer = [Console]::In.ReadLine()
            if ($null -ne $answer -and $answer -match '^\s*($|[Yy])') {
                & $python -I ([IO.Path]::Combine($root, 'tools', 'env')) sync | Out-Host
                if ($LASTEXITCODE -ne 0) { return }         # it has said why
                $stamp = read-pairs ([IO.Path]::Combine($env_path, $stamp_file))
                $state = look $env_path $settings $stamp
            }
        }
    }

    switch ($state) {
        ready { }
        stale {
            advise "$($settings['lock']) has changed since this environment was made." `
                'Bring it up to date with' '  '
        }
        missing { advise "There is no environment at $env_path." 'Make it with' "`n    "; return }
        incomplete { advise "$env_path was not finished." 'Finish it with' "`n    "; return }
        broken { advise "$env_path has no working Python." 'Repair it with' "`n    "; return }
        moved {
            advise "$env_path was made for $($stamp['project']), not here." `
                'If this project was moved or copied, make it anew with' "`n    "
            return
        }
        foreign {
            $by = if ($stamp['project']) { " but by $($stamp['project'])" } else { '' }
            say ("$env_path was not made by this project$by and is left alone. " +
                "Remove it yourself, or choose another place:`n" +
                "    `$env:UV_PROJECT_ENVIRONMENT = '/another/place'")
            return
        }
    }
    if (is-inside $env_path) {              # reached by a link: its real place
        $env_path = $stamp['project'] + $env_path.Substring($root.Length)
    }
    return @{ Name = $name; Env = $env_path; Windows = $windows }
}

function global:_seedbed_enter($found) {
    # what is active now, be it this one, cleans up after itself
    if ($env:VIRTUAL_ENV -and (Test-Path -LiteralPath 'Function:deactivate')) {
        deactivate -NonDestructive
    }
    $programs = [IO.Path]::Combine($found.Env, $(if ($found.Windows) { 'Scripts' } else { 'bin' }))
    $entries = @($programs)
    $conda = [IO.Path]::Combine($found.Env, 'conda')        # what it stands on, behind it on PATH
    if ([IO.Directory]::Exists([IO.Path]::Combine($conda, 'conda-meta'))) {
        $inner = if ($found.Windows) {
            '', 'Library/mingw-w64/bin', 'Library/usr/bin', 'Library/bin', 'Scripts'
        } else { 'bin' }
        foreach ($each in $inner) {
            $entries += [IO.Path]::GetFullPath([IO.Path]::Combine($conda, $each))
        }
    } else { $conda = '' }

    $names = 'VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT', 'PYTHONHOME', 'CONDA_PREFIX', 'CONDA_DEFAULT_ENV'
    $before = @{}
    foreach ($each in $names) { $before[$each] = [Environment]::GetEnvironmentVariable($each) }
    $separator = [IO.Path]::PathSeparator
    $path = $env:PATH
    if ($before['VIRTUAL_ENV'] -eq $found.Env) {            # entered in the shell that started this
        $before['VIRTUAL_ENV'] = $before['VIRTUAL_ENV_PROMPT'] = $null
        $path = (@($path.Split($separator)) | Where-Object { $entries -notcontains $_ }) -join $separator
    }
    # the _OLD_ names are those of venv's own Activate.ps1, which undoes us by them if it comes next
    $env:_OLD_VIRTUAL_PATH = $path
    $env:PATH = (@($entries) + $path) -join $separator
    $env:VIRTUAL_ENV = $found.Env
    $env:VIRTUAL_ENV_PROMPT = $found.Name
    $env:PYTHONHOME = $null
    if ($conda) {
        $env:CONDA_PREFIX = $conda
        $env:CONDA_DEFAULT_ENV = $found.Name
        $scripts = [IO.Path]::Combine($conda, 'etc', 'conda', 'activate.d')
        foreach ($each in Get-ChildItem -Path $scripts -Filter '*.ps1' -ErrorAction Ignore) {
            . $each.FullName
        }
    }
    $global:_seedbed = @{ Entries = $entries; Before = $before; Conda = $conda }
    if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
        $prompt = (Get-Item -LiteralPath 'Function:prompt').ScriptBlock
        Set-Item -Path 'Function:global:_OLD_VIRTUAL_PROMPT' -Value $prompt
        function global:prompt {
            Write-Host -NoNewline -Object "($env:VIRTUAL_ENV_PROMPT) "
            _OLD_VIRTUAL_PROMPT
        }
    }

    function global:deactivate([switch] $NonDestructive) {
        if ($global:_seedbed.Conda) {
            $scripts = [IO.Path]::Combine($global:_seedbed.Conda, 'etc', 'conda', 'deactivate.d')
            foreach ($each in Get-ChildItem -Path $scripts -Filter '*.ps1' -ErrorAction Ignore) {
                . $each.FullName
            }
        }
        $kept = [Collections.Generic.List[string]] $env:PATH.Split([IO.Path]::PathSeparator)
        foreach ($each in $global:_seedbed.Entries) { [void] $kept.Remove($each) }
        $env:PATH = $kept -join [IO.Path]::PathSeparator    # PATH may have changed since
        foreach ($each in @($global:_seedbed.Before.Keys)) {
            Remove-Item -LiteralPath "Env:$each" -ErrorAction Ignore
            $value = $global:_seedbed.Before[$each]
            if ($null -ne $value) { Set-Item -LiteralPath "Env:$each" -Value $value }
        }
        if (Test-Path -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT') {
            $prompt = (Get-Item -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT').ScriptBlock
            Set-Item -Path 'Function:global:prompt' -Value $prompt
            Remove-Item -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT'
        }
        $env:_OLD_VIRTUAL_PATH = $null
        Remove-Variable -Name _seedbed -Scope Global
        if (-not $NonDestructive) { Remove-Item -LiteralPath 'Function:deactivate' }
    }
}

$_seedbed_found = _seedbed_look $PSScriptRoot
if ($_seedbed_found) { _seedbed_enter $_seedbed_found }
$global:LASTEXITCODE = if ($_seedbed_found) { 0 } else { 1 }
Remove-Item -LiteralPath 'Function:_seedbed_look', 'Function:_seedbed_enter'
Remove-Variable -Name _seedbed_found
