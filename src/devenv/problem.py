"""What can go wrong for the person at the keyboard: one clear sentence, and the fix."""


class Problem(Exception):
    """An expected failure. `sentence` says what is wrong, `fix` what to do; the command exits with `code`."""

    def __init__(self, sentence: str, *, fix: str = "", code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.code = code
