"""What pytest and hypothesis load of tinygrad-cnn when they start: nothing heavy.

A package of its own, because Python imports a package before its parts: a plugin inside
`tinygrad_cnn` would load NumPy at the start of every run of pytest, wherever it is installed.

    for_pytest       the plugin: the fixture and marker `gradcheck`, options `--grad-...`
    scores           the tests that `--grad-mutate` adds
    for_hypothesis   `st.from_type(Tensor)`
"""
