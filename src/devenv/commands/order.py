"""todo"""


def arguments(parser):
    pass


def run(arguments, instance):
    return 0
