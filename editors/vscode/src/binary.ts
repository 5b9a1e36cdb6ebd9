// Which wslint runs: the setting, the one that comes along, the one on the PATH. Knows nothing of VS Code, so that
// it can be tested without one.
import * as fs from 'node:fs';
import * as path from 'node:path';

/** What is known when a binary is looked for. */
export interface Surroundings {
  /** The setting `wslint.path`; VS Code itself leaves out what an untrusted folder says. */
  setting: string;
  /** Where the extension lies. */
  extension: string;
  /** The first folder of the workspace, for a setting that is relative. */
  folder: string | undefined;
  /** Whether the workspace is trusted. */
  trusted: boolean;
  /** The variable PATH. */
  path: string;
  platform: NodeJS.Platform;
}

/** What is missing is said in words that can be translated: `{0}` stands for the file. */
export type Found = { binary: string; from: 'setting' | 'bundled' | 'path' } | { missing: string; file?: string };

/** A name as the platform runs it. */
function named(name: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

function runs(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Looks for the binary; what is missing is said in words that help. */
export function find(around: Surroundings): Found {
  const setting = around.setting.trim();
  if (setting !== '') {
    const expanded = setting.replace(/^~(?=[/\\])/, process.env.HOME ?? process.env.USERPROFILE ?? '~');
    const file = path.resolve(around.folder ?? '/', expanded.replaceAll('${workspaceFolder}', around.folder ?? ''));
    // What lies in a folder that nobody trusts is not run, whoever names it.
    const inside = around.folder !== undefined && file.startsWith(around.folder + path.sep);
    if (inside && !around.trusted) {
      return { missing: 'wslint.path names {0}, which lies in a folder that is not trusted.', file };
    }
    return runs(file) ? { binary: file, from: 'setting' } : { missing: 'wslint.path names {0}, and there is no program.', file };
  }
  const name = named('wslint', around.platform);
  const bundled = path.join(around.extension, 'bin', name);
  if (runs(bundled)) {
    return { binary: bundled, from: 'bundled' };
  }
  // Relative parts of the PATH lead wherever somebody has opened a folder.
  const parts = around.path.split(path.delimiter).filter((part) => path.isAbsolute(part));
  const onPath = parts.map((part) => path.join(part, name)).find(runs);
  if (onPath !== undefined) {
    return { binary: onPath, from: 'path' };
  }
  return { missing: 'There is no wslint: neither with this extension, nor on the PATH.' };
}
