"""What theory says of each method, measured."""
