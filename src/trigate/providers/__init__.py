"""Vendors. One module per kind of account, or one row of `vendors` where data is enough: config, URL, credentials.

`kind: openai` under `providers:` in the configuration *is* the module `trigate.providers.openai`. Such a module holds
`Config` (a frozen pydantic model) and `build(name, region, config) -> core.ports.Provider`; a row has `config` and
`build` of the same kind.
"""
