#!/usr/bin/env node
// Starts the binary of this platform, which npm installed beside this package.
"use strict";

const { spawnSync } = require("node:child_process");

const known = Object.keys(require("../package.json").optionalDependencies);
const platform = `${process.platform}-${process.arch}`;
const name = known.find((dependency) => dependency.endsWith(`/${platform}`));

function giveUp(message) {
  process.stderr.write(`wslint: ${message}\n`);
  process.exit(2);
}

if (!name) {
  giveUp(`there is no binary for ${platform} on npm; \`cargo install wslint --locked\` builds one`);
}

let binary;
try {
  binary = require.resolve(`${name}/bin/wslint${process.platform === "win32" ? ".exe" : ""}`);
} catch {
  giveUp(
    `the package ${name}, which holds the binary, is not installed. npm was told to leave out optional ` +
      "dependencies (--omit=optional), or the lock file was made on another platform: " +
      `install again without that, or add it: npm install ${name}@${require("../package.json").version}`,
  );
}

const { status, signal, error } = spawnSync(binary, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  giveUp(`${binary}: ${error.message}`);
}
if (signal) {
  process.kill(process.pid, signal);
}
process.exit(status ?? 2);
