"""Tests, mirroring the source folder by folder."""
