"""`python -m mediawright` is the command `mediawright`."""

from mediawright.cli import main

if __name__ == "__main__":
    main()
