"""What a document can say, before any format says it."""
