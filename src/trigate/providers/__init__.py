"""Vendors. One module per kind of account: its config model, where its calls go, what its errors mean.

`kind: openai` under `providers:` in the configuration *is* the module `trigate.providers.openai`. Such a module holds
`Config` (a frozen pydantic model) and `build(name, region, config) -> core.ports.Provider`.
"""
