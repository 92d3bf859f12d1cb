"""Names under which code written for other systems finds whence: mapping only, no behaviour.

>>> from whence.compat import dantro as dtr
>>> from whence.compat import paramspace as psp
>>> from whence.compat.simvue import Client, Run
>>> from whence.compat.squirrel.artifact_manager import ArtifactManager
"""
