"""Run the command line as `python -m millrace`."""

from millrace.faces.cli.main import main

if __name__ == "__main__":
    main()
