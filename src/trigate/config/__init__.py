"""Configuration: from files that people write to the published form that workers build from.

`load` reads and merges files, `validate` decodes them strictly, `compile` resolves every name and prices every target,
`publish` writes the result to the state directory, `watch` says when to do it again. Workers need only `published`,
`principals`, `changelog`, `registry` and `secrets` of it.
"""
