"""What takes the measures of ``make bench`` holds no tests."""

collect_ignore_glob = ["*.py"]
