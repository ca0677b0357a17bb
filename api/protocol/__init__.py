"""HTTP's rules, whatever the resources are about."""
