"""Files -> published form, all or nothing: load, decode strictly, resolve every name, price every target, check.

`check` is the whole of it. Every error is reported at once; with one error there is no published form, and whoever
serves keeps what it has. Runs in the control process and on the command line, never in a worker.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

import msgspec

from trigate.config.compile_routes import compile_routes
from trigate.config.compile_tenants import compile_tenants
from trigate.config.diagnostics import ROOT, Diagnostic, Path, has_errors
from trigate.config.draft import Draft
from trigate.config.load import Loaded, load
from trigate.config.principals import CompiledPrincipals
from trigate.config.published import (
    Published,
    PublishedEgress,
    PublishedExtension,
    PublishedGuardrail,
    PublishedLimits,
    PublishedListener,
    sealed,
)
from trigate.config.registry import Registry
from trigate.config.schema import Config
from trigate.config.schema_listen import TLS
from trigate.config.secrets import References, read_small_file, referenced_files
from trigate.config.static import Static, StaticListener
from trigate.config.units import split_address
from trigate.config.validate import decode_rest
from trigate.config.watch import Identity, stat_identity
from trigate.core.clock import Clock

CONTROL: Final = "control"


class Checked(msgspec.Struct, frozen=True):
    """The outcome. `published`, `static` and `principals` are None when any diagnostic is an error.

    `watched` are the files and folders whose change asks for another check, each as it was just before it was read:
    for `Watch.follow`. `attached` are those of them that workers read by themselves (secrets, certificates), so that
    their change must reach the workers even if nothing else changed.
    """

    diagnostics: tuple[Diagnostic, ...]
    watched: Mapping[str, Identity | None]
    published: Published | None = None
    static: Static | None = None
    principals: CompiledPrincipals | None = None
    attached: tuple[str, ...] = ()


def check(path: str, environ: Mapping[str, str], clock: Clock, registry: Registry | None = None) -> Checked:
    """Compile the configuration at `path`, a file or a folder. Raises nothing that a file could cause."""
    secret_files: dict[str, Identity | None] = {}

    def read(name: str) -> bytes:
        secret_files.setdefault(name, stat_identity(name))
        return read_small_file(name)

    loaded = load(path, References(environ, read))
    loaded.watched |= secret_files
    findings = loaded.findings
    unreadable = ROOT in findings.paths_in_error()
    config = None if unreadable else decode_rest(Config, loaded.document.tree, findings)
    if config is None:
        return Checked(findings.sorted(), loaded.watched)
    return _compiled(loaded, Draft(config, loaded.document, findings, registry or Registry()), clock.wall_ns())


def _compiled(loaded: Loaded, draft: Draft, wall_ns: int) -> Checked:
    routes = compile_routes(draft, wall_ns)
    principals = compile_tenants(draft, wall_ns)
    published = Published(
        providers=routes.providers,
        models=routes.models,
        aliases=routes.aliases,
        admission=_admission(draft),
        guardrails=_guardrails(draft),
        listeners=_listeners(draft),
        limits=PublishedLimits(**draft.config.limits.model_dump()),
        egress=_egress(draft),
        currency=draft.config.currency,
        compiled_ns=wall_ns,
    )
    static = _static(draft)
    diagnostics = draft.findings.sorted()
    watched = loaded.watched | draft.read
    if has_errors(diagnostics):
        return Checked(diagnostics, watched)
    attached = tuple(sorted(_secret_files(published) | _certificates(published)))
    return Checked(diagnostics, watched, sealed(published), static, principals, attached)


def _admission(draft: Draft) -> tuple[PublishedExtension, ...]:
    checks = (
        draft.published_extension("admission", ("admission", index), check.kind)
        for index, check in enumerate(draft.config.admission)
    )
    return tuple(check for check in checks if check is not None)


def _guardrails(draft: Draft) -> tuple[PublishedGuardrail, ...]:
    found = []
    for name, each in draft.config.guardrails.items():
        extension = draft.published_extension("guardrails", ("guardrails", name), each.kind)
        if extension is not None:
            found.append(PublishedGuardrail(name, extension.kind, extension.settings))
    return tuple(found)


def _listeners(draft: Draft) -> tuple[PublishedListener, ...]:
    """The listeners for clients, and the operators', whose one gate is `control`."""
    listen = draft.config.listen
    found = []
    for name, each in listen.data.items():
        certificate, key = _tls(draft, ("listen", name, "tls"), each.tls)
        found.append(PublishedListener(name, each.gates, each.hosts, each.trusted_proxies, certificate, key))
    certificate, key = _tls(draft, ("listen", CONTROL, "tls"), listen.control.tls)
    found.append(PublishedListener(CONTROL, (CONTROL,), listen.control.hosts, (), certificate, key))
    _check_binds(draft)
    return tuple(found)


def _tls(draft: Draft, path: Path, tls: TLS | None) -> tuple[str | None, str | None]:
    if tls is None:
        return None, None
    return draft.file((*path, "cert"), tls.cert), draft.file((*path, "key"), tls.key)


def _check_binds(draft: Draft) -> None:
    listen = draft.config.listen
    first: dict[str, str] = {}
    for name, bind in [*((name, each.bind) for name, each in listen.data.items()), (CONTROL, listen.control.bind)]:
        other = first.setdefault(bind, name)
        if other != name and split_address(bind)[1]:
            message = f"{bind} is bound by listen.{other} already"
            draft.findings.error(("listen", name, "bind"), "duplicate_bind", message, remedy="give it another port")
    if not _is_loopback(split_address(listen.control.bind)[0]):
        message = f"whoever reaches {listen.control.bind} may read metrics and status: nothing is asked of them"
        remedy = "bind it to 127.0.0.1, or let only your scraper through to it"
        draft.findings.warning(("listen", CONTROL), "control_exposed", message, remedy=remedy)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _egress(draft: Draft) -> PublishedEgress:
    egress = draft.config.egress
    names = {field: getattr(egress, field) for field in ("ca", "client_certificate", "client_key")}
    files = {field: draft.file(("egress", field), name) if name else None for field, name in names.items()}
    if bool(egress.client_certificate) != bool(egress.client_key):
        message = "client_certificate and client_key belong together"
        draft.findings.error(("egress",), "client_certificate", message, remedy="give both, or neither")
    harmless = egress.proxy is not None and "@" not in egress.proxy.reveal()
    proxy = draft.secret(("egress", "proxy"), literal_is_fine=harmless) if egress.proxy else None
    return PublishedEgress(
        proxy, egress.no_proxy, files["ca"], files["client_certificate"], files["client_key"], egress.client
    )


def _static(draft: Draft) -> Static:
    config = draft.config
    listeners = tuple(
        _static_listener(name, each.bind, each.gates, tls=each.tls is not None)
        for name, each in config.listen.data.items()
    )
    control = config.listen.control
    return Static(
        state_dir=os.path.join(draft.document.folder(("state", "dir")), config.state.dir),
        min_free=config.state.min_free,
        workers=len(os.sched_getaffinity(0)) if config.workers == "auto" else config.workers,
        listeners=listeners,
        control=_static_listener(CONTROL, control.bind, (), tls=control.tls is not None),
        fsync=config.evidence.fsync,
        keep_segments_seconds=config.evidence.keep_segments,
        drain_seconds=config.drain.timeout,
    )


def _static_listener(name: str, bind: str, gates: tuple[str, ...], *, tls: bool) -> StaticListener:
    host, port = split_address(bind)
    return StaticListener(name, host, port, gates, tls)


def _secret_files(published: Published) -> set[str]:
    """The files that secrets are read from."""
    texts = [bytes(provider.settings) for provider in published.providers]
    texts += [bytes(check.settings) for check in published.admission]
    texts += [bytes(guardrail.settings) for guardrail in published.guardrails]
    texts += [bytes(model.selector.settings) for model in published.models]
    found = {
        name for text in texts for value in _strings(msgspec.json.decode(text)) for name in referenced_files(value)
    }
    return found | set(referenced_files(published.egress.proxy or ""))


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for each in below for text in _strings(each)]


def _certificates(published: Published) -> set[str]:
    egress = published.egress
    names = [egress.ca, egress.client_certificate, egress.client_key]
    names += [name for each in published.listeners for name in (each.certificate, each.private_key)]
    return {name for name in names if name}
