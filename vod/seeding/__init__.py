"""A made-up site of any size, for benches and for trying things out: `manage.py seed`.

It is made here because recordings and clips know channels, broadcasts and users, and none of those knows them.
"""
