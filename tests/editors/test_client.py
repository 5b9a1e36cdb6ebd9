"""The server with a client that somebody else wrote: pytest-lsp, which checks each message against the protocol. Run by
scripts/editor-client."""
import asyncio, os

import pytest, pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

WSLINT = os.environ["WSLINT"]
SNIPPET = '# 转发升级 😀\r\nproxy_http_version 1.1;\r\nproxy_set_header Upgrade $http_upgrade;\r\nproxy_set_header X-Name "名值😀"; proxy_set_header Connection "ugrade";\r\nproxy_read_timeout 1h;\r\n'
SITE = "server {\n    listen 80;\n    server_name NAME.example;\n    location /ws {\n        include snippets/ws.conf;\n        proxy_pass http://127.0.0.1:3000;\n    }\n}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "sites").mkdir()
    (root / "snippets").mkdir()
    (root / "nginx.conf").write_text("events {}\nhttp {\n    include sites/*.conf;\n}\n")
    for name in "ab":
        (root / f"sites/{name}.conf").write_text(SITE.replace("NAME", name))
    (root / "snippets/ws.conf").write_bytes(SNIPPET.encode())
    return root


@pytest_lsp.fixture(params=["visual_studio_code", "neovim", "emacs"], config=ClientServerConfig(server_command=[WSLINT, "server"]))
async def client(request, lsp_client: LanguageClient, project):
    # What the client says it can do beyond what it does.
    for asked in ("client/registerCapability", "workspace/codeLens/refresh"):
        lsp_client.feature(asked)(lambda *_: None)
    lsp_client.answered = await lsp_client.initialize_session(lsp.InitializeParams(
        capabilities=client_capabilities(request.param), root_uri=project.as_uri(),
        workspace_folders=[lsp.WorkspaceFolder(uri=project.as_uri(), name="project")]))
    yield
    await lsp_client.shutdown_session()


async def told(client: LanguageClient, uri: str, wanted: list[str]):
    """Waits until a file has findings of these rules; the client files a message away after it has told of it."""
    for _ in range(200):
        if [d.code for d in client.diagnostics.get(uri) or []] == wanted:
            return
        await asyncio.sleep(0.05)
    assert [d.code for d in client.diagnostics.get(uri) or []] == wanted


@pytest.mark.asyncio
async def test_a_typo_in_a_snippet(client: LanguageClient, project):
    uri = (project / "snippets/ws.conf").as_uri()
    document = lsp.TextDocumentIdentifier(uri=uri)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(
        text_document=lsp.TextDocumentItem(uri=uri, language_id="nginx", version=1, text=SNIPPET)))
    if client.answered.capabilities.diagnostic_provider:
        report = await client.text_document_diagnostic_async(lsp.DocumentDiagnosticParams(text_document=document))
        found = report.items
    else:
        await told(client, uri, ["misspelled-websocket-setting"])
        found = client.diagnostics[uri]
    assert [d.code for d in found] == ["misspelled-websocket-setting"]
    line = SNIPPET.split("\r\n")[3]
    before = line[:line.index('"ugrade"')]
    widths = {"utf-8": len(before.encode()), "utf-16": len(before.encode("utf-16-le")) // 2, "utf-32": len(before)}
    start = widths[client.answered.capabilities.position_encoding]
    assert (found[0].range.start.line, found[0].range.start.character) == (3, start)
    actions = await client.text_document_code_action_async(lsp.CodeActionParams(
        text_document=document, range=found[0].range, context=lsp.CodeActionContext(diagnostics=found)))
    assert actions[0].is_preferred
    action = actions[0] if actions[0].edit else await client.code_action_resolve_async(actions[0])
    edits = action.edit.document_changes or [lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri=u), e) for u, e in action.edit.changes.items()]
    assert [e.text_document.uri for e in edits] == [uri]
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(
        text_document=lsp.TextDocumentIdentifier(uri=(project / "sites/a.conf").as_uri())))
    assert lenses[1].command.title.startswith("✗ WebSocket: ")
    at = lsp.Position(line=2, character=28)
    hover = await client.text_document_hover_async(lsp.HoverParams(text_document=document, position=at))
    assert "$http_upgrade" in hover.contents.value
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(
        text_document=lsp.TextDocumentIdentifier(uri=(project / "sites/a.conf").as_uri())))
    assert symbols[0].name == "server a.example"


@pytest.mark.asyncio
async def test_what_leads_where_and_what_can_be_asked_for(client: LanguageClient, project):
    site = project / "sites/a.conf"
    document = lsp.TextDocumentIdentifier(uri=site.as_uri())
    snippet = (project / "snippets/ws.conf").as_uri()
    links = await client.text_document_document_link_async(lsp.DocumentLinkParams(text_document=document))
    assert [link.target for link in links] == [snippet]
    goals = await client.text_document_definition_async(lsp.DefinitionParams(
        text_document=document, position=lsp.Position(line=4, character=20)))
    assert [goal.uri for goal in goals] == [snippet]
    hover = await client.text_document_hover_async(lsp.HoverParams(
        text_document=document, position=lsp.Position(line=5, character=10)))
    assert "| `Connection` | `ugrade`" in hover.contents.value and "#proxy_pass" in hover.contents.value
    way = await client.workspace_execute_command_async(lsp.ExecuteCommandParams(
        command="wslint.trace", arguments=["ws://a.example/ws"]))
    assert "sites/a.conf:4" in way
    page = await client.workspace_execute_command_async(lsp.ExecuteCommandParams(
        command="wslint.explain", arguments=["misspelled-websocket-setting"]))
    assert page.startswith("# misspelled-websocket-setting")
    whole = lsp.Range(start=lsp.Position(line=0, character=0), end=lsp.Position(line=0, character=0))
    actions = await client.text_document_code_action_async(lsp.CodeActionParams(
        text_document=lsp.TextDocumentIdentifier(uri=snippet), range=whole,
        context=lsp.CodeActionContext(diagnostics=[], only=[lsp.CodeActionKind.SourceFixAll])))
    assert [action.kind for action in actions] == ["source.fixAll.wslint"]


@pytest.mark.asyncio
async def test_files_come_change_and_go(client: LanguageClient, project):
    changed = lambda *events: client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(
        changes=[lsp.FileEvent(uri=path.as_uri(), type=kind) for path, kind in events]))
    kind = lsp.FileChangeType
    snippet, other, site = (project / name for name in ("snippets/ws.conf", "snippets/other.conf", "sites/a.conf"))
    was = site.read_text()
    try:
        await told(client, snippet.as_uri(), ["misspelled-websocket-setting"])
        snippet.write_bytes(SNIPPET.replace("ugrade", "upgrade").encode())
        changed((snippet, kind.Changed))
        await told(client, snippet.as_uri(), [])
        snippet.rename(other)
        changed((snippet, kind.Deleted), (other, kind.Created))
        await told(client, site.as_uri(), ["unresolved-include"])
        site.write_text(was.replace("ws.conf", "other.conf"))
        changed((site, kind.Changed))
        await told(client, site.as_uri(), [])
        third = project / "sites/c.conf"
        third.write_text(was.replace("a.example", "c.example"))
        changed((third, kind.Created))
        await told(client, third.as_uri(), ["unresolved-include"])
        third.unlink()
        changed((third, kind.Deleted))
        await told(client, third.as_uri(), [])
    finally:
        site.write_text(was)
        snippet.write_bytes(SNIPPET.encode())
        other.unlink(missing_ok=True)
