"""What customers will still buy: BG/NBD for how often, Gamma-Gamma for how much.

`likelihood.py` finds the maximum of a likelihood and says whether there is one; `bg_nbd.py` and
`gamma_gamma.py` are the two models; `tables.py` is what the dbt models call.
"""
