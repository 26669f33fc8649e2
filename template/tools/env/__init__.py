"""The engine: makes, checks and repairs this project's Python environment.

Run it with any Python 3.9 or newer; it needs nothing but the standard library:

    python tools/env sync | check | lock | add | remove | freeze | pack | info | delete
    python tools/env run -- COMMAND

Where to read on. No part imports from one above it:

    The commands
        cli.py           the command line; commands.py what each command does
        sync.py          brings the environment to the lock, installation.py its packages
        freeze.py        adopts what was installed past the lock
        packing.py       puts all that the lock needs into one file, where that was chosen
        shells.py        tells an activation helper that asks whether its shell may enter

    What an environment is
        state.py         ready, missing, incomplete, stale, moved, foreign, broken
        drift.py         every way in which it can differ from the lock
        kernelspec.py    offers it to Jupyter

    How it is made and locked
        managers/        by venv, or as the project's manager does it
        dependencies.py  changes what pyproject.toml asks for: `add`, `remove`
        lock.py          writes the lock; resolution.py finds what is to be in it, with uv, and
                         unresolved.py says why there is no solution
        window.py        how old a package must be to enter the lock

    Pythons and uv
        interpreters.py  what Pythons are there, and which one is asked for; discovery.py where
                         they are kept, provision.py gets one that is missing
        uv.py            what uv is asked to do; bootstrap.py finds it or gets it

    What is read
        pyproject.py     what the project asks for; toml.py reads that, and edits it line by line
        requirements.py  what is in a lock; markers.py for which system
        withdrawn.py     which versions attackers made
        sources.py       where packages come from that are no wheels of the ordinary index
        distributions.py what is installed, as each RECORD tells it; files.py whether its files are
                         still those, imports.py what Python finds past them, editable.py the
                         project's own install
        pack.py          what is in a pack; rebuilding.py makes a wheel of what was built

    Underneath
        project.py       the settings (tools/env.cfg), and where the environment lives
        builds.py        which of several builds is for this machine, where that was chosen
        manifest.py      the proof that is written into an environment, and that it is ours
        difference.py    what `check` can find; errors.py how a command fails
        indexes.py       where packages come from, as pip and uv were told
        processes.py     which of the machine's variables reach the programs that are started
        transaction.py   one command at a time, all of its files or none; temporary.py where it
                         drafts

The template owns this folder: `copier update` brings new versions of it.
"""
