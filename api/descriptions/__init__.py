"""What the service says about itself, made from the declarations that it runs on."""
