# Owned by the template and the same in every project: change it there, not here.
#
# Enters this project's Python environment, and offers to make it first:   . .\activate.ps1
# Leave it with: deactivate. For Windows PowerShell 5.1 and PowerShell 7, on every system.
# Whether it may be entered is the engine's to say (tools/env/shells.py); it answers in JSON.
# Where Windows says that running scripts is disabled, that is its execution policy. Without a
# script, this does as well:   py tools/env run -- COMMAND
#
# Cmdlets and operators only, so that it works where a company allows no more than that
# (about_Language_Modes, ConstrainedLanguage). In { }, so that no name stays behind.

& {
    param([string] $root)
    $ErrorActionPreference = 'Continue'
    $ConfirmPreference = 'High'
    $PSNativeCommandUseErrorActionPreference = $false
    $windows = $PSVersionTable.PSVersion.Major -lt 6 -or $IsWindows

    function say([string] $text) {                      # a warning where methods are forbidden
        try { $Host.UI.WriteErrorLine("activate.ps1: $text") } catch { Write-Warning -Message $text }
    }

    $global:LASTEXITCODE = 1
    $engine = Join-Path -Path (Join-Path -Path $root -ChildPath 'tools') -ChildPath 'env'
    if (-not (Test-Path -LiteralPath "$engine.cfg")) {
        say 'No tools/env.cfg beside this file. Go to the project first, then:  . ./activate.ps1'
        return
    }
    $code = -1
    foreach ($name in $(if ($windows) { 'py', 'python' } else { 'python3', 'python' })) {
        $python = Get-Command -Name $name -CommandType Application -ErrorAction Ignore |
            Select-Object -First 1
        if (-not $python) { continue }
        $answer = & $python -IS $engine shell powershell # on standard error it asks and explains
        $code = $LASTEXITCODE
        if ($code -in 0, 1) { break }                   # else no Python: Windows' link to its Store
    }
    if ($code -notin 0, 1) { say 'Install Python 3.9 or newer first.' }
    if ($code -ne 0) {
        $global:LASTEXITCODE = 1
        return
    }
    $found = $answer | Select-Object -Last 1 | ConvertFrom-Json     # a launcher may have its say

    # what is active now, be it this one, cleans up after itself
    if ($env:VIRTUAL_ENV -and (Test-Path -LiteralPath 'Function:deactivate')) {
        deactivate -NonDestructive
    }
    $separator = if ($windows) { ';' } else { ':' }
    $before = @{}
    foreach ($each in $found.variables.PSObject.Properties) {
        $old = Get-Item -LiteralPath "Env:$($each.Name)" -ErrorAction Ignore
        $before[$each.Name] = if ($old) { $old.Value }
        Set-Item -LiteralPath "Env:$($each.Name)" -Value $each.Value        # $null removes it
    }
    $path = $env:PATH
    if ($before['VIRTUAL_ENV'] -eq $env:VIRTUAL_ENV) {  # entered in the shell that started this one
        $before['VIRTUAL_ENV'] = $before['VIRTUAL_ENV_PROMPT'] = $null
        $path = ($path -split $separator | Where-Object { $found.path -notcontains $_ }) -join $separator
    }
    # the _OLD_ names are those of venv's own Activate.ps1, which undoes us by them if it comes next
    $env:_OLD_VIRTUAL_PATH = $path
    $env:PATH = (@($found.path) + $path) -join $separator
    foreach ($each in $found.enter) { . $each }
    if ((Test-Path -LiteralPath 'Function:prompt') -and -not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
        Copy-Item -LiteralPath 'Function:prompt' -Destination 'Function:global:_OLD_VIRTUAL_PROMPT'
        function global:prompt {
            $succeeded = $?                             # a prompt may show it: hand it on
            Write-Host -NoNewline -Object "($env:VIRTUAL_ENV_PROMPT) "
            if (-not $succeeded) { Write-Error -Message ' ' -ErrorAction Ignore }
            _OLD_VIRTUAL_PROMPT
        }
    }

    $global:_seedbed = @{ found = $found; before = $before; separator = $separator }
    Remove-Item -Path 'Alias:deactivate' -Force -ErrorAction Ignore         # it would hide ours
    function global:deactivate([switch] $NonDestructive) {
        $ConfirmPreference = 'High'
        foreach ($each in $global:_seedbed.found.leave) { . $each }
        $out = @{}                                      # each once: PATH may have changed since
        foreach ($each in $global:_seedbed.found.path) { $out[$each] = $true }
        $env:PATH = @(
            foreach ($each in $env:PATH -split $global:_seedbed.separator) {
                if ($out[$each]) { $out[$each] = $false } else { $each }
            }
        ) -join $global:_seedbed.separator
        foreach ($each in $global:_seedbed.before.Keys) {
            Set-Item -LiteralPath "Env:$each" -Value $global:_seedbed.before[$each]
        }
        if (Test-Path -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT') {
            Copy-Item -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT' -Destination 'Function:global:prompt'
            Remove-Item -LiteralPath 'Function:_OLD_VIRTUAL_PROMPT'
        }
        $env:_OLD_VIRTUAL_PATH = $null
        Remove-Variable -Name _seedbed -Scope Global
        if (-not $NonDestructive) { Remove-Item -LiteralPath 'Function:deactivate' }
    }
    $global:LASTEXITCODE = 0
} $PSScriptRoot
if ($LASTEXITCODE -ne 0) {                              # nothing goes on with another Python
    if ($ErrorActionPreference -eq 'Stop') { throw 'activate.ps1: not entered' }
    exit 1                                              # of this file alone: `&&` sees it
}
