"""The ops that write from rows there are: divide, change, export."""
