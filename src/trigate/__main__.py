"""`python -m trigate` is `trigate`."""

from trigate.cli.main import run

if __name__ == "__main__":
    run()
