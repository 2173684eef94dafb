"""Operations, exceptions, circuits, warnings."""
