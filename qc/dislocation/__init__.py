"""Which dislocation an event is: slip between two states, counted on the planes of the reference crystal."""
