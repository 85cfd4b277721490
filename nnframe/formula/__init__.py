"""From a formula in plain numpy to its derivatives.

A formula is called with symbols and recorded as a graph (`recording`); derivatives are further nodes of that graph
(`derive`), made short (`simplify`, `cases`), and written as numpy source (`source`). `derived` and `pairs` hold the
results against differences of the formula before anything is trained with them.
"""
