// Every recorded verdict, every recorded report and every rule fixture, asked of the library on WebAssembly:
// it says there what it says on the machine. `sh scripts/wasm-check` builds and runs this.
import { readFileSync, readdirSync, existsSync } from "node:fs";
import { join, dirname, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), "../../grammar-fixtures");
const URL_OF_MOST = "ws://example.com:8080/ws";
// Files in the folder of a case that are not part of its configuration, as in tests/records/main.rs.
const OURS = new Set(["url", "args", "verdict", "expected.txt", "error.txt", "fixed", "not-live"]);

const compiled = new WebAssembly.Module(readFileSync(process.argv[2]));
const needs = WebAssembly.Module.imports(compiled).map((i) => `${i.module}.${i.name}`);
let desk = new WebAssembly.Instance(compiled, {}).exports;

function pack(parts) {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

function unpack(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}

/** The answer to a question about a tree. */
function ask(words, tree) {
  const question = pack([...words, ...Object.entries(tree).flat()]);
  const onDesk = (length) => Buffer.from(new Uint8Array(desk.memory.buffer, desk.place(), length));
  try {
    const place = desk.room(question.length);
    new Uint8Array(desk.memory.buffer, place, question.length).set(question);
    return unpack(onDesk(desk.ask()));
  } catch (trap) {
    const message = onDesk(desk.length()).toString();
    desk = new WebAssembly.Instance(compiled, {}).exports;
    throw new Error(`${trap.message}: ${message}`);
  }
}

const posix = (path) => path.split(sep).join("/");

function filesBelow(folder) {
  const walk = (at) =>
    readdirSync(at, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? walk(join(at, e.name)) : [join(at, e.name)]));
  return walk(folder).sort();
}

/** The folders of a kind that hold an nginx.conf, by their names below it. */
function cases(kind) {
  const root = join(FIXTURES, kind);
  const confs = filesBelow(root).filter((p) => p.endsWith(`${sep}nginx.conf`) && !p.split(sep).includes("fixed"));
  return confs.map((p) => [posix(relative(root, dirname(p))), dirname(p)]);
}

function treeOf(folder, without = OURS) {
  const names = filesBelow(folder).map((p) => posix(relative(folder, p)));
  const kept = names.filter((n) => !without.has(n.split("/")[0]));
  return Object.fromEntries(kept.map((n) => [n, readFileSync(join(folder, n))]));
}

const text = (path, otherwise = "") => (existsSync(path) ? readFileSync(path, "utf8") : otherwise);
const urlOf = (folder) => text(join(folder, "url"), URL_OF_MOST).trim();

let passed = 0;
const failed = [];

function same(name, recorded, answer) {
  let said;
  try {
    said = answer();
  } catch (error) {
    said = error.message;
  }
  if (said === recorded) passed += 1;
  else failed.push(`${name}\non record\n${recorded}\non WebAssembly\n${said}`);
}

function verdicts() {
  for (const [name, folder] of cases("verdicts")) {
    const answer = () => ask(["verdicts", urlOf(folder)], treeOf(folder))[0].toString();
    same(`verdict::${name}`, text(join(folder, "verdict")), answer);
  }
}

function truth() {
  for (const line of readFileSync(join(FIXTURES, "truth.jsonl"), "utf8").trimEnd().split("\n")) {
    const row = JSON.parse(line);
    if (row.not_yet) continue;
    const folder = join(FIXTURES, "verdicts", row.name);
    const [tree, url] = row.files ? [row.files, row.url] : [treeOf(folder), urlOf(folder)];
    for (const [version, verdict] of Object.entries(row.verdict)) {
      same(`truth::${row.name} ${version}`, verdict, () => {
        const said = ask(["told", url, version], tree)[0].toString().split(" ")[0];
        return said === "unknown" && row.decided_by === "runtime" ? verdict : said;
      });
    }
  }
}

function reports() {
  for (const kind of ["verdicts", "rules", "nginx/accepted", "nginx/rejected", "nginx/platform"]) {
    const file = join(FIXTURES, "reports", `${kind.replace("nginx/", "")}.txt`);
    const parts = readFileSync(file, "utf8").split(/^=== (.*)\n/m);
    const record = new Map();
    for (let i = 1; i < parts.length; i += 2) record.set(parts[i], parts[i + 1]);
    for (const [name, folder] of cases(kind)) {
      const answer = () => ask(["everything", kind, urlOf(folder)], treeOf(folder))[0].toString();
      same(`report::${kind}::${name}`, record.get(name), answer);
      record.delete(name);
    }
    same(`report::${kind}, of cases that are there`, "", () => [...record.keys()].join(" "));
  }
}

/** The expected report and the fixed files of each rule fixture, from a root in `folder`. */
function rules(where, folder, moved = (tree) => tree) {
  for (const [name, of] of cases("rules")) {
    const before = moved(treeOf(of));
    const at = (tree) => Object.fromEntries(Object.entries(tree).map(([n, b]) => [`${folder}/${n}`, b]));
    const here = (bytes) => bytes.toString("latin1").replaceAll(`${folder}/`, "").replaceAll("/etc/nginx/", "");
    const check = (tree) => ask(["check", `${folder}/nginx.conf`, text(join(of, "args"))], at(tree));
    const expected = Buffer.from(text(join(of, "expected.txt"))).toString("latin1");
    const fixed = existsSync(join(of, "fixed")) ? moved(treeOf(join(of, "fixed"), new Set())) : {};
    const shown = (files) => files.sort(([a], [b]) => (a < b ? -1 : 1)).map((f) => f.map(here).join("\n")).join("\n");
    let after = before;
    const what = `rule::${where}::${name}`;
    same(what, `${expected}\n${shown(Object.entries(fixed).map(([n, b]) => [Buffer.from(n), Buffer.from(b)]))}`, () => {
      const [report, ...changed] = check(before);
      const files = [];
      for (let i = 0; i < changed.length; i += 2) files.push([changed[i], changed[i + 1]]);
      after = { ...before, ...Object.fromEntries(files.map(([n, b]) => [here(n), b])) };
      return `${here(report)}\n${shown(files)}`;
    });
    same(`${what}, fixed twice`, "", () => check(after).slice(1).map(here).join("\n"));
  }
}

/** The tree as an administrator writes it: every include says where on the machine. */
function withAbsoluteIncludes(tree) {
  const absolute = (bytes) =>
    Buffer.from(Buffer.from(bytes).toString("latin1").replace(/^(\s*include\s+)(?=[a-z])/gm, "$1/etc/nginx/"), "latin1");
  return Object.fromEntries(Object.entries(tree).map(([n, b]) => [n, absolute(b)]));
}

same("what the module needs of its surroundings", "", () => needs.join(" "));
verdicts();
truth();
reports();
rules("in a project", "/srv/case");
rules("on a machine", "/etc/nginx", withAbsoluteIncludes);
// What a repository says of /etc/nginx is sought in the repository: paths with a root have to be known as such.
rules("of a machine, in a project", "/srv/case", withAbsoluteIncludes);
for (const failure of failed) console.error(`${failure}\n`);
console.log(`wasm: ${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 && passed > 1000 ? 0 : 1;
