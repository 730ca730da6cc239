"""The queue, the leases and every annotation of a workspace."""

from millrace.label.store.answers import Answers
from millrace.label.store.history import JUDGE, Annotation, Change
from millrace.label.store.queue import Place, Queue, Task
from millrace.label.store.tables import Scope

__all__ = ["JUDGE", "Annotation", "Answers", "Change", "Place", "Queue", "Scope", "Task"]
