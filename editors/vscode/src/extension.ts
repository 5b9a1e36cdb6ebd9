// Starts the language server, and shows what its commands give back.
import * as vscode from 'vscode';
import { LanguageClient, LanguageClientOptions, RevealOutputChannelOn, ServerOptions, TransportKind } from 'vscode-languageclient/node';
import { find } from './binary';

const INSTALL = 'https://github.com/wslint/wslint#install';

const { l10n } = vscode;

let client: LanguageClient | undefined;
let pages: Pages;
let log: vscode.LogOutputChannel;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel('wslint', { log: true });
  pages = new Pages();
  context.subscriptions.push(
    log,
    vscode.workspace.registerTextDocumentContentProvider('wslint', pages),
    vscode.commands.registerCommand('wslint.traceUrl', traceUrl),
    vscode.commands.registerCommand('wslint.explainRule', explainRule),
    vscode.commands.registerCommand('wslint.restartServer', () => restart(context)),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (change.affectsConfiguration('wslint.path')) {
        await restart(context);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => restart(context)),
  );
  await start(context);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(context: vscode.ExtensionContext): Promise<void> {
  const old = client;
  client = undefined;
  await old?.stop().catch((error: unknown) => log.warn(String(error)));
  await start(context);
}

async function start(context: vscode.ExtensionContext): Promise<void> {
  const settings = vscode.workspace.getConfiguration('wslint');
  const found = find({
    setting: settings.get<string>('path', ''),
    extension: context.extensionPath,
    folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    trusted: vscode.workspace.isTrusted,
    path: process.env.PATH ?? '',
    platform: process.platform,
  });
  if ('missing' in found) {
    const why = l10n.t(found.missing, found.file ?? '');
    log.error(why);
    void explainMissing(why);
    return;
  }
  log.info(`${found.binary} (${found.from})`);
  const server: ServerOptions = { command: found.binary, args: ['server'], transport: TransportKind.stdio };
  const options: LanguageClientOptions = {
    // Other extensions call the language NGINX.
    documentSelector: [
      { scheme: 'file', language: 'nginx' },
      { scheme: 'file', language: 'NGINX' },
    ],
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: { ...plain(settings), showsResults: true },
    synchronize: { configurationSection: 'wslint' },
    middleware: {
      // A lens and the palette run the commands of the server; what they give back is shown.
      executeCommand: async (command, args, next) => {
        const result: unknown = await next(command, args);
        if (typeof result === 'string' && command !== 'wslint.restart') {
          await pages.show(command === 'wslint.explain' ? 'rule.md' : 'trace.txt', result);
        }
        return result;
      },
    },
  };
  client = new LanguageClient('wslint', 'wslint', server, options);
  try {
    await client.start();
  } catch (error) {
    log.error(String(error));
    void explainMissing(l10n.t('{0} does not start: {1}', found.binary, String(error)));
  }
}

/** The settings that the server knows. */
function plain(settings: vscode.WorkspaceConfiguration): Record<string, unknown> {
  const names = ['language', 'nginxVersion', 'advice', 'codeLens'];
  return Object.fromEntries(names.map((name) => [name, settings.get(name)]));
}

async function explainMissing(why: string): Promise<void> {
  const install = l10n.t('How to install it');
  const choose = l10n.t('Choose the program');
  const answer = await vscode.window.showErrorMessage(`wslint: ${why}`, install, choose);
  if (answer === install) {
    await vscode.env.openExternal(vscode.Uri.parse(INSTALL));
  } else if (answer === choose) {
    // The page of settings shows another machine's where the window is a remote one.
    const [program] = (await vscode.window.showOpenDialog({ title: 'wslint', openLabel: l10n.t('Use It') })) ?? [];
    if (program !== undefined) {
      await vscode.workspace.getConfiguration('wslint').update('path', program.fsPath, vscode.ConfigurationTarget.Global);
    }
  }
}

/** What commands gave back, to be read: nobody is asked whether to save it. */
class Pages implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  async show(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: 'wslint', path: name });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }
}

async function traceUrl(): Promise<void> {
  const prompt = l10n.t('The URL that the browser opens');
  const url = await vscode.window.showInputBox({ prompt, placeHolder: 'wss://example.com/ws' });
  const uri = vscode.window.activeTextEditor?.document.uri.toString();
  await run('wslint.trace', url, uri);
}

async function explainRule(): Promise<void> {
  const prompt = l10n.t('A rule, or what is seen: 400, 1006, "60 seconds"');
  await run('wslint.explain', await vscode.window.showInputBox({ prompt }));
}

async function run(command: string, first: string | undefined, ...more: (string | undefined)[]): Promise<void> {
  if (first === undefined || first.trim() === '') {
    return;
  }
  if (client === undefined) {
    void explainMissing(l10n.t('The server does not run.'));
    return;
  }
  try {
    await vscode.commands.executeCommand(command, first, ...more);
  } catch (error) {
    void vscode.window.showWarningMessage(`wslint: ${error instanceof Error ? error.message : String(error)}`);
  }
}
