"""What a client may send and gets back: one marshmallow schema per noun."""
