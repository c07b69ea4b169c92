"""Every ratio, one after the other: `make bench`."""

from bench import conversion, doorbell, watchers

if __name__ == "__main__":
    raise SystemExit(max(conversion.main(3), doorbell.main(), watchers.main()))
