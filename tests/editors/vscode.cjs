// VS Code as somebody uses it: a finding, its quick fix, the lens beside the vhost, and what is said without a binary.
// Run by scripts/editor-vscode.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { chromium } = require('playwright-core');

const [executablePath, address, work, pictures, binary] = process.argv.slice(2);
const folder = path.join(work, 'edited', 'nginx');
const snippet = path.join(folder, 'snippets', 'ws.conf');
const wanted = fs.readFileSync(path.join(work, 'fixed', 'nginx', 'snippets', 'ws.conf'), 'utf8');
const LONG = { timeout: 60_000 };

async function until(what, holds) {
  const end = Date.now() + LONG.timeout;
  while (!(await holds())) {
    assert(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

async function open(page) {
  await until('code-server answers', () => fetch(address).then((answer) => answer.ok, () => false));
  await page.goto(`${address}/?folder=${folder}`);
  await page.waitForSelector('.monaco-workbench .explorer-folders-view', LONG);
}

/** Opens a file as people do, by a part of its name; on a busy machine the list may be empty when Enter is pressed. */
async function show(page, name) {
  const tab = page.locator(`.tab.active:has-text("${path.basename(name)}")`).first();
  for (let tries = 1; ; tries++) {
    await page.keyboard.press('Control+KeyP');
    await page.waitForSelector('.quick-input-widget input', { state: 'visible', ...LONG });
    await page.keyboard.type(name);
    await page.waitForSelector(`.quick-input-list .monaco-list-row.focused:has-text("${path.basename(name)}")`, LONG);
    await page.keyboard.press('Enter');
    try {
      await tab.waitFor({ timeout: 6_000 });
      return;
    } catch (error) {
      if (tries === 5) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

async function goTo(page, line, column) {
  await page.keyboard.press('Control+KeyG');
  await page.waitForSelector('.quick-input-widget input', { state: 'visible', ...LONG });
  await page.keyboard.type(`${line}:${column}`);
  await page.keyboard.press('Enter');
  // Keys go to the editor again.
  await page.waitForSelector('.quick-input-widget', { state: 'hidden', ...LONG });
  await page.waitForSelector('.monaco-editor.focused', LONG);
}

/** What stands in the editor's lenses; blanks there are no-break ones. */
async function lenses(page) {
  const texts = await page.locator('.codelens-decoration').allInnerTexts();
  return texts.map((text) => text.replaceAll('\u00a0', ' '));
}

async function main() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1400, height: 860 } });
  const picture = (name) => page.screenshot({ path: path.join(pictures, `${name}.png`) });
  try {
    await open(page);
    // Beside the vhost stands what is wrong in the snippet.
    await show(page, 'sites/a.conf');
    await until('a lens that says no', async () => (await lenses(page)).some((text) => text.includes('✗ WebSocket: ')));
    await picture('1-lens');

    await show(page, 'snippets/ws.conf');
    await page.waitForSelector('.squiggly-error', LONG);
    assert.equal(await page.locator('[id="status.editor.mode"]').innerText(), 'NGINX');
    await page.keyboard.press('Control+Shift+KeyM');
    const row = page.locator('.markers-panel .monaco-list-row', { hasText: 'misspelled-websocket-setting' }).first();
    await row.waitFor(LONG);
    // The finding stands in the line of "ugrade", behind an emoji that counts two.
    assert.match(await page.locator('.markers-panel').innerText(), /\[Ln 4, Col 61\]/);
    await picture('2-finding');

    await page.locator('.monaco-editor .view-line', { hasText: 'ugrade' }).first().click();
    await goTo(page, 4, 64);
    await page.waitForSelector('.lightBulbWidget, [class*="gutter-lightbulb"]', LONG);
    await page.keyboard.press('Control+Period');
    await page.waitForSelector('.action-widget .monaco-list-row', LONG);
    const offered = await page.locator('.action-widget .monaco-list-row').allInnerTexts();
    assert(offered.some((text) => text.includes('Ignore misspelled-websocket-setting')), String(offered));
    await picture('3-actions');
    await page.keyboard.press('Enter');
    await until('no finding is left', async () => (await page.locator('.squiggly-error').count()) === 0);
    await page.keyboard.press('Control+KeyS');
    await until('the file is saved as --fix writes it', () => fs.readFileSync(snippet, 'utf8') === wanted);
    await picture('4-mended');

    await show(page, 'sites/a.conf');
    await until('a lens that says yes', async () => (await lenses(page)).some((text) => text.includes('✓ WebSocket opens')));
    // A click on it shows the way of a request.
    await page.locator('.codelens-decoration a', { hasText: 'opens' }).first().click();
    await page.waitForSelector('.view-line:has-text("a.example/ws")', LONG);
    assert.equal(await page.locator('.tab.dirty').count(), 0, 'nobody is asked whether to save what was only shown');
    await picture('5-trace');

    // The same without a binary: what to do stands in a message with two ways out.
    const extension = fs.readdirSync(path.join(work, 'extensions')).find((name) => name.startsWith('wslint.wslint'));
    fs.rmSync(path.join(work, 'extensions', extension, 'bin'), { recursive: true });
    await open(page);
    await show(page, 'sites/b.conf');
    const toast = page.locator('.notification-toast', { hasText: 'There is no wslint' });
    await toast.waitFor(LONG);
    assert.deepEqual(await toast.locator('.monaco-button').allInnerTexts(), ['How to install it', 'Choose the program']);
    await picture('6-missing');
    await toast.locator('.monaco-button', { hasText: 'Choose the program' }).click();
    const dialog = page.locator('.quick-input-widget input[type="text"]');
    await dialog.waitFor({ state: 'visible', ...LONG });
    // It begins with a folder, once it has looked into it.
    await until('the dialog shows a folder', async () => (await dialog.inputValue()).endsWith('/sites/'));
    await dialog.fill(binary);
    await picture('7-choose');
    // Enter does nothing while it looks into that folder.
    await until('the dialog is done', async () => {
      await page.keyboard.press('Enter');
      await new Promise((next) => setTimeout(next, 500));
      return !(await dialog.isVisible());
    });
    await until('the chosen program serves', async () => (await lenses(page)).some((text) => text.includes('✓ WebSocket opens')));
    await picture('8-chosen');
  } catch (error) {
    await picture('failed');
    throw error;
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
