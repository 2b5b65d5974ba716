"""The sum of terms, and the constructors of the methods."""
