@echo off
rem Owned by the template and the same in every project: change it there, not here.
rem
rem Enters this project's Python environment, and offers to make it first:   activate.bat
rem Leave it with: deactivate. For cmd. In a script:   call activate.bat   and   call activate.bat /leave
rem Whether it may be entered is the engine's to say (tools\env\shells.py); it answers in lines NAME=VALUE.
rem
rem PATH, PROMPT and the name of a directory can hold any character. So they are only touched as
rem set "X=%X%", and never inside ( ), where %X% is expanded before the block runs.

if /i "%~1"=="/leave" goto leave

set "_SEEDBED_ROOT=%~dp0"
set "_SEEDBED_CODE="
set "_SEEDBED_CONDA_PREFIX="
if exist "%_SEEDBED_ROOT%tools\env.cfg" goto ask
>&2 echo activate.bat: No tools\env.cfg beside this file. Go to the project first, then:  activate.bat
goto refused

:ask
rem On standard error it asks and explains. Each answer is the loop's own variable, which is not parsed
rem again, and the root is expanded by the other cmd that `for` starts. No answer: no Python that runs
rem the engine, as Windows' link to its Store is.
for %%P in (py python) do if not defined _SEEDBED_CODE where /q %%P && (
    for /f "usebackq tokens=1,* delims==" %%A in (`%%P -IS "%%_SEEDBED_ROOT%%tools\env" shell cmd`) do set "_SEEDBED_%%A=%%B"
)
if "%_SEEDBED_CODE%"=="0" goto enter
if not defined _SEEDBED_CODE >&2 echo activate.bat: Install Python 3.9 or newer first.
goto refused

:enter
rem Another environment, or this one already: venv's own names, so that each undoes the other.
if defined _OLD_VIRTUAL_PATH set "PATH=%_OLD_VIRTUAL_PATH%"
if defined _OLD_VIRTUAL_PROMPT set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
if defined _OLD_VIRTUAL_PYTHONHOME set "PYTHONHOME=%_OLD_VIRTUAL_PYTHONHOME%"
set "_OLD_VIRTUAL_PATH=%PATH%"
set "_OLD_VIRTUAL_PROMPT="
set "_OLD_VIRTUAL_PYTHONHOME="
if defined PYTHONHOME set "_OLD_VIRTUAL_PYTHONHOME=%PYTHONHOME%"
set "PYTHONHOME="
set "PATH=%_SEEDBED_PATH%;%PATH%"
set "VIRTUAL_ENV=%_SEEDBED_VIRTUAL_ENV%"
set "VIRTUAL_ENV_PROMPT=%_SEEDBED_VIRTUAL_ENV_PROMPT%"
if not defined _SEEDBED_CONDA_PREFIX goto unbased
rem What it stands on.
if not defined _SEEDBED_BASED set "_SEEDBED_OUTER=%CONDA_PREFIX%"
if not defined _SEEDBED_BASED set "_SEEDBED_OUTER_NAME=%CONDA_DEFAULT_ENV%"
set "_SEEDBED_BASED=%_SEEDBED_CONDA_PREFIX%"
set "CONDA_PREFIX=%_SEEDBED_BASED%"
set "CONDA_DEFAULT_ENV=%VIRTUAL_ENV_PROMPT%"
for %%F in ("%_SEEDBED_BASED%\etc\conda\activate.d\*.bat") do call "%%F"
:unbased
if defined VIRTUAL_ENV_DISABLE_PROMPT goto prompted
if not defined PROMPT set "PROMPT=$P$G"
set "_OLD_VIRTUAL_PROMPT=%PROMPT%"
set "PROMPT=(%VIRTUAL_ENV_PROMPT%) %PROMPT%"
:prompted
call :tidy
doskey deactivate=call "%~f0" /leave 2>nul
exit /b 0

:leave
if not defined _SEEDBED_BASED goto without
for %%F in ("%_SEEDBED_BASED%\etc\conda\deactivate.d\*.bat") do call "%%F"
set "CONDA_PREFIX=%_SEEDBED_OUTER%"
set "CONDA_DEFAULT_ENV=%_SEEDBED_OUTER_NAME%"
set "_SEEDBED_BASED="
set "_SEEDBED_OUTER="
set "_SEEDBED_OUTER_NAME="
:without
if defined _OLD_VIRTUAL_PATH set "PATH=%_OLD_VIRTUAL_PATH%"
if defined _OLD_VIRTUAL_PROMPT set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
if defined _OLD_VIRTUAL_PYTHONHOME set "PYTHONHOME=%_OLD_VIRTUAL_PYTHONHOME%"
set "_OLD_VIRTUAL_PATH="
set "_OLD_VIRTUAL_PROMPT="
set "_OLD_VIRTUAL_PYTHONHOME="
set "VIRTUAL_ENV="
set "VIRTUAL_ENV_PROMPT="
doskey deactivate= 2>nul
exit /b 0

:tidy
for %%V in (ROOT CODE PATH VIRTUAL_ENV VIRTUAL_ENV_PROMPT CONDA_PREFIX CONDA_DEFAULT_ENV) do set "_SEEDBED_%%V="
exit /b 0

:refused
call :tidy
rem The last line, and no `exit /b`: only so does `&&` after the name of this file see the 1.
"%ComSpec%" /d /c exit 1
