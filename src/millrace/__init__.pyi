from millrace.faces.python.typed import Client as Client
from millrace.faces.python.typed import open as open

__version__: str
