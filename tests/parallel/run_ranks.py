"""`mpiexec -n 2 python run_ranks.py NAME,NAME FOLDER`: outcomes of the programs, as JSON by rank 0."""

import json
import sys


def outcomes(names, folder):
    """What the programs give; those of trainings read and write files."""
    import rank_programs  # beside this file: there when it is run, not when pytest looks into it
    import situation_programs
    import training_programs

    found = {}
    for name in names:
        if training := vars(training_programs).get(name):
            found[name] = training(folder)
        else:
            found[name] = (vars(rank_programs).get(name) or vars(situation_programs)[name])()
    return found, rank_programs.WORLD.rank


if __name__ == "__main__":
    found, rank = outcomes(sys.argv[1].split(","), sys.argv[2])
    if rank == 0:
        print(json.dumps(found))
