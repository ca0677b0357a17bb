"""How much CPU time a request costs, beside a service written by hand."""
