"""An expected failure: one sentence that says what happened, and the fix."""


class Problem(Exception):
    """`sentence` says what is wrong, `fix` what to do now; the command exits with `code`."""

    def __init__(self, sentence: str, *, fix: str = "", code: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.fix = fix
        self.code = code
