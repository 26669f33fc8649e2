@echo off
rem Owned by the template and the same in every project: change it there, not here.
rem
rem Enters this project's Python environment, and offers to make it first:   activate.bat
rem Leave it with: deactivate. For cmd. In a script:   call activate.bat   and   call activate.bat /leave
rem With /look HELPER it only tells what a shell may enter, as tools/enter.sh does elsewhere.
rem
rem PATH, PROMPT and the name of a directory can hold any character. So they are only touched as
rem set "X=%X%", and never inside ( ), where %X% is expanded before the block runs.

if /i "%~1"=="/leave" goto leave

set "_SEEDBED_WHO=activate.bat"
if /i "%~1"=="/look" set "_SEEDBED_WHO=%~2"
set "_SEEDBED_RC=1"
set "_SEEDBED_ROOT=%~dp0"
if "%_SEEDBED_ROOT:~-1%"=="\" set "_SEEDBED_ROOT=%_SEEDBED_ROOT:~0,-1%"
if not exist "%_SEEDBED_ROOT%\tools\env.cfg" goto lost

rem What the engine writes is UTF-8.
set "_SEEDBED_PAGE="
for /f "tokens=2 delims=:." %%C in ('chcp 2^>nul') do set "_SEEDBED_PAGE=%%C"
if defined _SEEDBED_PAGE chcp 65001 >nul

set "_SEEDBED_NAME=env"
set "_SEEDBED_ENV=.venv"
set "_SEEDBED_LOCK=requirements-dev.txt"
set "_SEEDBED_MANAGER="
for /f "usebackq tokens=1,* delims== " %%A in ("%_SEEDBED_ROOT%\tools\env.cfg") do (
    if "%%A"=="name" set "_SEEDBED_NAME=%%B"
    if "%%A"=="env" set "_SEEDBED_ENV=%%B"
    if "%%A"=="lock" set "_SEEDBED_LOCK=%%B"
    if "%%A"=="manager" set "_SEEDBED_MANAGER=%%B"
)
if defined UV_PROJECT_ENVIRONMENT set "_SEEDBED_ENV=%UV_PROJECT_ENVIRONMENT%"
if not "%_SEEDBED_ENV:~0,13%"=="$WORKON_HOME/" goto placed
if defined WORKON_HOME set "_SEEDBED_ENV=%WORKON_HOME%\%_SEEDBED_ENV:~13%"
if not defined WORKON_HOME set "_SEEDBED_ENV=%USERPROFILE%\.virtualenvs\%_SEEDBED_ENV:~13%"
:placed
rem Inside the project it can be nobody else's.
set "_SEEDBED_INSIDE="
if "%_SEEDBED_ENV:~1,1%"==":" goto absolute
if "%_SEEDBED_ENV:~0,1%"=="\" goto absolute
if not "%_SEEDBED_ENV:~0,2%"==".." set "_SEEDBED_INSIDE=1"
set "_SEEDBED_ENV=%_SEEDBED_ROOT%\%_SEEDBED_ENV%"
:absolute
for %%P in ("%_SEEDBED_ENV%") do set "_SEEDBED_ENV=%%~fP"
set "_SEEDBED_ASKED="

:look
set "_SEEDBED_PROJECT="
set "_SEEDBED_MADE="
set "_SEEDBED_SYSTEM="
if not exist "%_SEEDBED_ENV%\.seedbed\stamp" goto unstamped
for /f "usebackq tokens=1,* delims==" %%A in ("%_SEEDBED_ENV%\.seedbed\stamp") do (
    if "%%A"=="project" set "_SEEDBED_PROJECT=%%B"
    if "%%A"=="lock" set "_SEEDBED_MADE=%%B"
    if "%%A"=="system" set "_SEEDBED_SYSTEM=%%B"
)
:unstamped
if defined _SEEDBED_PROJECT goto stamped
if not exist "%_SEEDBED_ENV%" goto missing
if not exist "%_SEEDBED_ENV%\" goto foreign
for /f "delims=" %%F in ('dir /b /a "%_SEEDBED_ENV%" 2^>nul') do if /i not "%%F"==".seedbed" goto filled
goto missing
:filled
if not "%_SEEDBED_MANAGER%"=="uv" goto foreign
if not defined _SEEDBED_INSIDE goto foreign
if not exist "%_SEEDBED_ENV%\pyvenv.cfg" goto foreign
for /f "usebackq tokens=1 delims== " %%A in ("%_SEEDBED_ENV%\pyvenv.cfg") do if "%%A"=="uv" goto incomplete
goto foreign
:stamped
if not defined _SEEDBED_SYSTEM goto here
if not "%_SEEDBED_SYSTEM%"=="win32" goto foreign
:here
if /i "%_SEEDBED_PROJECT%"=="%_SEEDBED_ROOT%" goto ours
if defined _SEEDBED_INSIDE goto moved
if exist "%_SEEDBED_PROJECT%\tools\env.cfg" goto foreign
goto moved
:ours
if not defined _SEEDBED_MADE goto incomplete
if not exist "%_SEEDBED_ENV%\.seedbed\manifest.json" goto incomplete
if not exist "%_SEEDBED_ENV%\Scripts\python.exe" goto broken
if not exist "%_SEEDBED_ENV%\pyvenv.cfg" goto broken

rem sha256 over the lock files, one after the other
type nul >"%_SEEDBED_ENV%\.seedbed\locks"
for %%F in (%_SEEDBED_LOCK%) do type "%_SEEDBED_ROOT%\%%F" >>"%_SEEDBED_ENV%\.seedbed\locks" 2>nul
set "_SEEDBED_NOW="
for /f "skip=1 delims=" %%H in ('certutil -hashfile "%_SEEDBED_ENV%\.seedbed\locks" SHA256 2^>nul') do if not defined _SEEDBED_NOW set "_SEEDBED_NOW=%%H"
del /q "%_SEEDBED_ENV%\.seedbed\locks" >nul 2>nul
if not defined _SEEDBED_NOW goto ready
if /i "%_SEEDBED_NOW: =%"=="%_SEEDBED_MADE%" goto ready
set "_SEEDBED_TEXT=%_SEEDBED_LOCK% has changed since this environment was made. Bring it up to date with:"
call :advise
goto ready

:ready
set "_SEEDBED_RC=0"
if /i not "%~1"=="/look" goto enter
for %%P in ("%_SEEDBED_ENV%") do echo %_SEEDBED_NAME% %%~P\Scripts
goto end

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
if not exist "%_SEEDBED_ENV%\conda\conda-meta\" goto unbased
rem What it stands on, behind it on PATH.
if not defined _SEEDBED_BASED set "_SEEDBED_OUTER=%CONDA_PREFIX%"
if not defined _SEEDBED_BASED set "_SEEDBED_OUTER_NAME=%CONDA_DEFAULT_ENV%"
set "_SEEDBED_BASED=%_SEEDBED_ENV%\conda"
set "CONDA_PREFIX=%_SEEDBED_BASED%"
set "CONDA_DEFAULT_ENV=%_SEEDBED_NAME%"
set "PATH=%_SEEDBED_BASED%;%_SEEDBED_BASED%\Library\mingw-w64\bin;%_SEEDBED_BASED%\Library\usr\bin;%_SEEDBED_BASED%\Library\bin;%_SEEDBED_BASED%\Scripts;%PATH%"
for %%F in ("%_SEEDBED_BASED%\etc\conda\activate.d\*.bat") do call "%%F"
:unbased
set "PATH=%_SEEDBED_ENV%\Scripts;%PATH%"
set "VIRTUAL_ENV=%_SEEDBED_ENV%"
set "VIRTUAL_ENV_PROMPT=%_SEEDBED_NAME%"
if defined VIRTUAL_ENV_DISABLE_PROMPT goto prompted
if not defined PROMPT set "PROMPT=$P$G"
set "_OLD_VIRTUAL_PROMPT=%PROMPT%"
set "PROMPT=(%_SEEDBED_NAME%) %PROMPT%"
:prompted
doskey deactivate=call "%~f0" /leave 2>nul
goto end

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

:missing
set "_SEEDBED_ASK=No environment yet."
call :offer
if "%_SEEDBED_ASKED%"=="made" goto look
if "%_SEEDBED_ASKED%"=="failed" goto end
set "_SEEDBED_TEXT=There is no environment at %_SEEDBED_ENV%. Make it with:"
call :advise
goto end
:incomplete
set "_SEEDBED_ASK=The environment was not finished."
call :offer
if "%_SEEDBED_ASKED%"=="made" goto look
if "%_SEEDBED_ASKED%"=="failed" goto end
set "_SEEDBED_TEXT=%_SEEDBED_ENV% was not finished. Finish it with:"
call :advise
goto end
:broken
set "_SEEDBED_TEXT=%_SEEDBED_ENV% has no working Python. Repair it with:"
call :advise
goto end
:moved
set "_SEEDBED_TEXT=%_SEEDBED_ENV% was made for %_SEEDBED_PROJECT%, not here. If this project was moved or copied, make it anew with:"
call :advise
goto end
:foreign
for /f "delims=" %%T in ("%_SEEDBED_ENV%") do >&2 echo %_SEEDBED_WHO%: %%T was not made by this project and is left alone. Remove it yourself, or choose another place:
>&2 echo     set "UV_PROJECT_ENVIRONMENT=C:\another\place"
goto end
:lost
>&2 echo %_SEEDBED_WHO%: No tools\env.cfg beside this file. Go to the project first, then:  activate.bat
goto end

:python
rem One that can run tools\env.
for %%P in (py python) do (
    %%P -ISc "import sys; sys.exit(sys.version_info < (3, 9))" >nul 2>nul && set "_SEEDBED_PYTHON=%%P" && goto :eof
)
set "_SEEDBED_PYTHON="
goto :eof

:advise
call :python
rem A loop's variable is not parsed again, whatever it holds.
for /f "delims=" %%T in ("%_SEEDBED_TEXT%") do >&2 echo %_SEEDBED_WHO%: %%T
if not defined _SEEDBED_PYTHON >&2 echo     First install Python 3.9 or newer: neither py nor python is one.
for /f "delims=" %%T in ("%_SEEDBED_ROOT%") do >&2 echo     %_SEEDBED_PYTHON% "%%T\tools\env" sync
goto :eof

:offer
rem Asked once; without a console `choice` fails, and that is a no.
if defined _SEEDBED_ASKED set "_SEEDBED_ASKED=vain"
if defined _SEEDBED_ASKED goto :eof
call :python
if not defined _SEEDBED_PYTHON goto :eof
>&2 choice /c YN /n /m "%_SEEDBED_ASK% Make it now? [Y/N] "
if not "%ERRORLEVEL%"=="1" goto :eof
set "_SEEDBED_ASKED=failed"
%_SEEDBED_PYTHON% -I "%_SEEDBED_ROOT%\tools\env" sync 1>&2 && set "_SEEDBED_ASKED=made"
goto :eof

:end
if defined _SEEDBED_PAGE chcp %_SEEDBED_PAGE% >nul
for %%V in (WHO ROOT PAGE NAME ENV LOCK MANAGER INSIDE ASKED ASK PROJECT MADE SYSTEM NOW PYTHON TEXT) do set "_SEEDBED_%%V="
set "_SEEDBED_RC=" & exit /b %_SEEDBED_RC%
