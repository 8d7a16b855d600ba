"""Leases, which keep processes from doing the same at a time."""

from __future__ import annotations

from django.db import models

from xsearch.models.routing import PrimaryManager


class Lease(models.Model):
    """A name that one process holds until a moment; it is free afterwards, whatever became of the process."""

    name = models.CharField(max_length=100, primary_key=True)
    until = models.DateTimeField()

    objects = PrimaryManager()

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"
