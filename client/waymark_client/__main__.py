"""The command `waymark`; what it needs beyond the library is the extra `command`."""

import sys


def main() -> None:
    """Run the command, or say what is not installed."""
    try:
        from waymark_client.commands import waymark  # noqa: PLC0415 - may be missing

        waymark(prog_name="waymark")
    except ModuleNotFoundError as ex:
        sys.exit(f"{ex.name} is missing: pip install 'waymark-client[command]'")


if __name__ == "__main__":
    main()
