// Which wslint runs. `dist/binary.js` is made by scripts/vscode-package.
const { test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { find } = require('../dist/binary.js');

function program(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
  return file;
}

test('setting, then what comes along, then the PATH; nothing of a folder that is not trusted', () => {
  const top = fs.mkdtempSync(path.join(os.tmpdir(), 'wslint-'));
  const extension = path.join(top, 'extension');
  const folder = path.join(top, 'folder');
  const onPath = program(path.join(top, 'bin', 'wslint'));
  program(path.join(folder, 'tools', 'wslint'));
  const around = (more) => ({ setting: '', extension, folder, trusted: true, path: `.:${path.dirname(onPath)}`, platform: 'linux', ...more });
  assert.deepStrictEqual(find(around({})), { binary: onPath, from: 'path' });
  const bundled = program(path.join(extension, 'bin', 'wslint'));
  assert.deepStrictEqual(find(around({})), { binary: bundled, from: 'bundled' });
  const own = { binary: path.join(folder, 'tools', 'wslint'), from: 'setting' };
  assert.deepStrictEqual(find(around({ setting: 'tools/wslint' })), own);
  assert.deepStrictEqual(find(around({ setting: '${workspaceFolder}/tools/wslint' })), own);
  assert.match(find(around({ setting: 'tools/wslint', trusted: false })).missing, /not trusted/);
  assert.match(find(around({ setting: '/nowhere/wslint' })).missing, /no program/);
  fs.rmSync(bundled);
  assert.match(find(around({ path: '.' })).missing, /There is no wslint/);
});

test('everything that is said is said in Chinese, too', () => {
  const read = (file) => fs.readFileSync(path.join(__dirname, '..', file), 'utf8');
  const bundle = JSON.parse(read('l10n/bundle.l10n.zh-cn.json'));
  const code = read('src/extension.ts') + read('src/binary.ts');
  const said = [...code.matchAll(/(?:l10n\.t\(|missing: )'([^']+)'/g)].map((match) => match[1]);
  assert.deepStrictEqual([...new Set(said)].sort(), Object.keys(bundle).sort());
  const [en, zh] = ['package.nls.json', 'package.nls.zh-cn.json'].map((file) => Object.keys(JSON.parse(read(file))));
  assert.deepStrictEqual(zh, en);
  const named = [...read('package.json').matchAll(/"%(\w+)%"/g)].map((match) => match[1]);
  assert.deepStrictEqual(named, en);
});
