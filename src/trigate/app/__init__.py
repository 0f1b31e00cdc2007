"""The composition root: everything is made here and handed down; nothing below reaches up.

One module per process: `serve` (the supervisor), `worker`, `recorder`, `control`. The supervisor starts the others as
`python -m trigate.app.KIND SETTINGS ASSIGNMENT`.
"""
