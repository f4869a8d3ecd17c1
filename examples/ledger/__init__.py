"""The ledger: every system of the source documents, run, with the figure claimed beside the measured."""
