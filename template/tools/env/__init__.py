"""The engine: makes, checks and repairs this project's Python environment.

Run it with any Python 3.9 or newer; it needs nothing but the standard library:

    python tools/env sync | check | lock | add | remove | freeze | pack | info | delete
    python tools/env run -- COMMAND

Where to read on:

    cli.py           the command line; commands.py what each command does, errors.py how it fails
    project.py       what the project asks for (tools/env.cfg) and where its environment lives
    builds.py        which of several builds is for this machine, where that was chosen
    state.py         ready, missing, incomplete, stale, moved, foreign, broken: told in one place
    sync.py          brings the environment to the lock, installation.py its packages
    drift.py         every way in which an environment can differ from the lock (difference.py),
                     files.py those of files, editable.py of the project's own install,
                     imports.py those that reach past all packages
    manifest.py      the proof that is written into an environment, and that it is ours
    distributions.py what is installed, as each RECORD tells it
    kernelspec.py    offers the environment to Jupyter
    pyproject.py     what pyproject.toml asks for, and dependencies.py how `add` changes that
    lock.py          writes the lock; resolution.py finds what is to be in it, with uv, and
                     unresolved.py says why there is no solution
    toml.py          reads it, and edits it line by line
    requirements.py  what is in a lock; markers.py for which system
    sources.py       where packages come from that are no wheels of the ordinary index
    pack.py          all that the lock needs as one file, where that was chosen; packing.py makes
                     one, rebuilding.py a wheel out of what was built
    freeze.py        adopts what was installed past the lock
    window.py        how old a package must be to enter the lock
    withdrawn.py     refuses versions that attackers made
    interpreters.py  what Pythons are there, and which one is asked for; discovery.py where they
                     are kept, provision.py gets one that is missing
    managers/        how an environment is made
    uv.py            what uv is asked to do; bootstrap.py finds it or gets it
    indexes.py       where packages come from
    processes.py     which of the machine's variables reach the programs that are started here
    transaction.py   one command at a time, all of its files or none; temporary.py where it drafts
    shells.py        tells an activation helper that asks whether its shell may enter

The template owns this folder: `copier update` brings new versions of it.
"""
