// Prints what a whence store has on record, as JSON:  node read.mjs PROJECT/.whence
//
// Written from docs/store-format.md alone, to show that it can be. Needs nothing but node.
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import zlib from "node:zlib";

const FORMAT = 1;
const into = (map, key, make) => map.get(key) ?? map.set(key, make()).get(key);

// ---- Files ----

function listed(...folder) {
  try {
    return fs.readdirSync(path.join(...folder)).sort();
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  }
}

function journals(store) {
  const found = [];
  for (const day of listed(store, "journals"))
    for (const name of listed(store, "journals", day)) {
      const match = /^(\w+)(?:-\d+)?(\.metrics)?\.jsonl$/.exec(name);
      if (match) found.push({ file: `journals/${day}/${name}`, writer: match[1], metrics: Boolean(match[2]) });
    }
  return found;
}

// ---- Lines ----

const TAIL = /^,"crc":"([0-9a-f]{8})"\}$/;
const LENGTH = 18; // of what TAIL fits

/** The good lines of a journal, each with where it begins, and how many are bad. */
export function goodLines(bytes) {
  const good = [];
  let [bad, check, near] = [0, 0, []];
  for (let begin = 0, end; (end = bytes.indexOf(10, begin)) >= 0; begin = end + 1) {
    if (end === begin) continue;
    const row = bytes.subarray(begin, end);
    const body = row.subarray(0, Math.max(0, row.length - LENGTH));
    const tail = TAIL.exec(row.subarray(body.length).toString("latin1"));
    const written = tail ? [parseInt(tail[1], 16)] : [];
    const before = [check, ...near].find((one) => zlib.crc32(body, one) === written[0]);
    if (before === undefined) {
      bad += 1;
      near = [zlib.crc32(body, check), ...written];
    } else {
      [check, near] = [written[0], []];
      good.push([parse(row.toString()), begin]);
    }
  }
  return { good, bad, rest: bytes.length - bytes.lastIndexOf(10) - 1 };
}

/** JSON in which integers that a number of JavaScript cannot hold are written as the escape of longer ones. */
function parse(text) {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
  const safe = (found) => !/^-?\d{16,}$/.test(found) || Number.isSafeInteger(Number(found));
  return JSON.parse(text.replace(token, (found) => (safe(found) ? found : `{"$int":"${found}"}`)));
}

// ---- Values ----

/** A value that JavaScript has no type for: the name of its escape, and what that holds. */
export class Special {
  constructor(type, value) {
    Object.assign(this, { type, value });
  }
}

const bytesOf = (text) => Buffer.from(text, "base64");
const ESCAPES = {
  float: (text) => ({ nan: NaN, inf: Infinity, "-inf": -Infinity })[text],
  int: (text) => BigInt(text),
  str: (text) => surrogates(bytesOf(text)),
  bytes: bytesOf,
  map: (pairs) => new Map(pairs.map(([key, value]) => [decode(key), decode(value)])),
  set: (members) => new Set(members.map(decode)),
  numpy: ([dtype, text]) => new Special("numpy", { dtype, value: elements(dtype, bytesOf(text))[0] }),
  array: ([dtype, shape, text]) => new Special("array", { dtype, shape, values: elements(dtype, bytesOf(text)) }),
};
const OTHERS = "complex decimal tuple frozenset date time datetime timedelta path range slice";
for (const name of OTHERS.split(" ")) ESCAPES[name] = (inner) => new Special(name, decode(inner));

/** What was recorded: a value of JavaScript (a mapping is a Map), or a `Special`. */
export function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value);
  const [[name, inner] = ["", null]] = members;
  if (members.length !== 1 || !name.startsWith("$")) return new Map(members.map(([name, inner]) => [name, decode(inner)]));
  try {
    return ESCAPES[name.slice(1)](inner);
  } catch {
    return new Special("unknown", value); // of a newer whence, or damaged
  }
}

/** Text of UTF-8 with surrogates let through; text of JavaScript may hold them alone. */
function surrogates(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const [first, second, third] = bytes.subarray(at, at + 3);
    const end = at + (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
    if (first !== 0xed || second < 0xa0) text += bytes.toString("utf8", at, end);
    else text += String.fromCharCode(0xd000 | ((second & 63) << 6) | (third & 63));
    at = end;
  }
  return text;
}

/** The elements of NumPy's bytes: numbers, BigInts of 64 bits, pairs for complex, texts; others in hexadecimal. */
function elements(dtype, bytes) {
  const [, order, kind, digits] = /^([<>|=])(\w)(\d+)/.exec(dtype);
  const size = Number(digits) * (kind === "U" ? 4 : 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const get = (family, at, width) => {
    const big = width === 8 && family !== "Float" ? "Big" : "";
    return view[`get${big}${family}${8 * width}`](at, order !== ">");
  };
  const one = (at) => {
    if (kind === "b") return bytes[at] !== 0;
    if ("iMm".includes(kind)) return get("Int", at, size);
    if (kind === "u") return get("Uint", at, size);
    if (kind === "f" && (size === 4 || size === 8)) return get("Float", at, size);
    if (kind === "c" && size <= 16) return [get("Float", at, size / 2), get("Float", at + size / 2, size / 2)];
    if (kind !== "U") return bytes.toString("hex", at, at + size);
    const points = Array.from({ length: size / 4 }, (_, k) => get("Uint", at + 4 * k, 4));
    return String.fromCodePoint(...points).replace(/\0+$/, "");
  };
  return size ? Array.from({ length: bytes.length / size }, (_, k) => one(k * size)) : [];
}

/** A decoded value as JSON: see the README beside this file. */
export function plain(value) {
  if (typeof value === "bigint") return { type: "int", value: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { type: "float", value: String(value) };
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(plain);
  if (Buffer.isBuffer(value)) return { type: "bytes", value: value.toString("hex") };
  if (value instanceof Set) return { type: "set", value: [...value].map(plain) };
  if (value instanceof Special) return value.type === "unknown" ? value : { type: value.type, value: plain(value.value) };
  if (!isMap(value)) return plain(new Map(Object.entries(value)));
  const pairs = [...value].map(([key, inner]) => [plain(key), plain(inner)]);
  const simple = [...value.keys()].every(isText) && !(value.has("type") && value.has("value"));
  return simple ? Object.fromEntries(pairs) : { type: "map", value: pairs };
}

// ---- Order ----

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const ordered = (a, b) => compare(a.lc, b.lc) || compare(a.by, b.by) || compare(a.n, b.n);

/** All good lines and all good metric points, each once, in order; when writers were last heard; what is damaged. */
function readLines(store) {
  const [lines, points, heard, damaged] = [new Map(), new Map(), new Map(), []];
  for (const { file, writer, metrics } of journals(store)) {
    const bytes = fs.readFileSync(path.join(store, file));
    const { good, bad, rest } = goodLines(bytes);
    if (bad) damaged.push({ file, problem: `${bad} bad lines` });
    if (rest > 1 && goodLines(Buffer.concat([bytes.subarray(0, -1), Buffer.from("\n")])).good.length > good.length)
      damaged.push({ file, problem: "another byte where the last newline was" });
    good.forEach(([line, begin], count) => {
      const { op, t } = line;
      line.by ??= writer;
      line.lc = decode(line.lc);
      if (metrics && op === undefined) points.set(`${line.by} ${line.n}`, line);
      if (!metrics && line.lc >= 0) lines.set(`${line.by} ${line.n}`, line);
      if (!metrics) heard.set(line.by, Math.max(t, heard.get(line.by) ?? t));
      if (op === "end" && (line.count !== count || line.sha256 !== digestOf(bytes.subarray(0, begin)) || rest))
        damaged.push({ file, problem: "not as it was ended" });
    });
  }
  return { lines: [...lines.values()].sort(ordered), points: [...points.values()], heard, damaged };
}

// ---- Fold ----

const OWN = "id first last lc writer heard meta tags artifacts alerts metrics events out points deleted final key".split(" ");
const isText = (value) => typeof value === "string";
const isMap = (value) => value instanceof Map;
const KINDS = new Map(
  [
    [isText, "status kind parent environment call name folder description user host cwd dir repeat code.commit code.branch"],
    [isText, "code.digest code.base error.type error.message error.traceback process.host process.boot process.space"],
    [(value) => typeof value === "number" && Math.abs(value) < 9.2e9, "created started ended"],
    [(value) => typeof value === "number", "process.start"],
    [Number.isInteger, "exit process.pid"],
    [isMap, "params point code code.files error process"],
    [Array.isArray, "command"],
  ].flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind])),
);

function fits(name, value) {
  if (value === null || !KINDS.has(name)) return true;
  const members = isMap(value) && !name.includes(".") ? [...value] : [];
  return KINDS.get(name)(value) && members.every(([inner, one]) => fits(`${name}.${inner}`, one));
}

const update = (map, object) => decode(object).forEach((value, key) => map.set(key, value));
const FOLDS = {
  set: (state, { f }) =>
    decode(f).forEach((value, name) => OWN.includes(name) || !fits(name, value) || state.fields.set(name, value)),
  meta: (state, { m }) => update(state.meta, m),
  tags(state, { add = [], remove = [] }) {
    add.forEach((tag) => state.tags.add(tag));
    remove.forEach((tag) => state.tags.delete(tag));
  },
  artifact(state, line) {
    const { category, name, digest } = line;
    if (!isText(category) || !isText(name) || !/^([0-9a-f]{64}|[a-z0-9]+:[0-9a-f]+)$/.test(digest)) return;
    const key = JSON.stringify([category, name, digest]);
    state.artifacts.delete(key);
    state.artifacts.set(key, line);
  },
  artifacts: (state, { category, lead, types, files }) =>
    files.forEach(([name, digest, size, type]) => {
      const kept = size < 65536 ? "pack" : "object";
      FOLDS.artifact(state, { category, name: lead + name, type: types[type], digest, size, kept });
    }),
  alert: (state, line) => update(into(state.alerts, line.alert, () => new Map()), line.facts),
  metric: (state, line) => update(into(state.metrics, line.name, () => new Map()), line.f),
  tensor: (state, line) => into(into(state.metrics, line.name, () => new Map()), "tensors", () => []).push(line),
  event: (state, line) => state.events.push(line),
  out: (state, line) => state.out.push(line),
  delete: (state) => (state.deleted = true),
  undelete: (state) => (state.deleted = false),
  version: (state, line) => (state.version ??= line),
  alias: (state, line) => state.aliases.set(line.alias, line),
};

/** What the lines of one thing, in order, make of it. */
function fold(id, lines) {
  const final = lines.some((line) => line.op === "tombstone");
  const state = { id, final, deleted: false, tags: new Set(), events: [], out: [] };
  for (const name of ["fields", "meta", "artifacts", "alerts", "metrics", "aliases"]) state[name] = new Map();
  for (const line of lines) if (!final || line.op === "version") FOLDS[line.op]?.(state, line);
  const times = lines.map((line) => line.t);
  const runs = ({ op, f }) => op === "set" && "process" in f && fits("process", decode(f.process));
  const writer = lines.findLast(runs)?.by ?? lines[0].by;
  const [first, last] = [Math.min, Math.max].map((choose) => times.reduce((one, other) => choose(one, other)));
  Object.assign(state, { first, last, writer });
  state.heard = lines.findLast((line) => line.by === state.writer)?.t;
  state.deleted ||= final;
  return state;
}

/** Whether the process of a run is gone, though nothing says that it has ended. */
function isLost(process, heard) {
  const { host, boot, space, pid, start } = Object.fromEntries(process ?? []);
  const text = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "latin1") : "");
  const now = text("/proc/sys/kernel/random/boot_id").trim(); // of systems without it only the age of lines tells
  if (now && boot === now && [null, undefined, fs.readlinkSync("/proc/self/ns/pid")].includes(space)) {
    const [state = "X", ...facts] = text(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ").filter(Boolean);
    return "ZX".includes(state) || Number(facts[18]) !== start;
  }
  if (now && boot && boot !== now && host === os.hostname()) return true;
  return heard !== undefined && Date.now() / 1000 - heard >= 1800;
}

// ---- Content ----

const digestOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

class Content {
  constructor(store, lines) {
    Object.assign(this, { store, places: new Map() });
    for (const line of lines) if (line.op === "pack") into(this.places, line.digest, () => []).push(line);
    this.folders = ["", ...listed(store, "trash").reverse().map((day) => `trash/${day}/`)];
  }

  size(file) {
    return fs.statSync(path.join(this.store, file), { throwIfNoEntry: false })?.size ?? -1;
  }

  /** Where the bytes of a digest lie, in a file of their own or in a pack; null if they are not here. */
  find(digest) {
    const own = `objects/${digest.slice(0, 2)}/${digest.slice(2)}`;
    for (const folder of this.folders) {
      const length = this.size(folder + own);
      if (length >= 0) return { file: folder + own, offset: 0, length };
      const place = (this.places.get(digest) ?? []).map((line) => this.piece(folder, line)).find(Boolean);
      if (place) return place;
    }
    return null;
  }

  piece(folder, { pack, offset, length }) {
    const file = `${folder}packs/${pack}`;
    return this.size(file) >= offset + length ? { file, offset, length } : null;
  }

  digest({ file, offset, length }) {
    const [handle, hash, bytes] = [fs.openSync(path.join(this.store, file)), createHash("sha256"), Buffer.alloc(1 << 20)];
    for (let got, left = length; left > 0; left -= got) {
      got = fs.readSync(handle, bytes, 0, Math.min(left, bytes.length), offset + length - left);
      if (!got) break;
      hash.update(bytes.subarray(0, got));
    }
    fs.closeSync(handle);
    return hash.digest("hex");
  }

  json({ file, offset, length }) {
    const bytes = fs.readFileSync(path.join(this.store, file)).subarray(offset, offset + length);
    return JSON.parse(bytes.toString());
  }

  *damaged() {
    for (const inner of listed(this.store, "objects"))
      for (const name of listed(this.store, "objects", inner)) {
        const place = { file: `objects/${inner}/${name}`, offset: 0 };
        if ((inner + name).length === 64 && this.digest({ ...place, length: this.size(place.file) }) !== inner + name)
          yield { ...place, problem: "not what its name says" };
      }
    for (const [digest, places] of this.places)
      for (const line of places) {
        const place = this.folders.map((folder) => this.piece(folder, line)).find(Boolean);
        if (place && this.digest(place) !== digest) yield { ...place, problem: `not ${digest}` };
      }
  }
}

// ---- What is printed ----

function artifact(line, content) {
  const { name, category, type, digest, size, kept, path: from, meta } = line;
  const where = kept === "reference" ? null : content.find(digest);
  const told = { path: plain(decode(from ?? null)), meta: plain(decode(meta ?? {})) };
  return { name, category, type, digest, size, kept, ...told, where };
}

/** The values of a run's metrics: by number within a writer, by time where there are several. */
function metricsOf(state, points, content) {
  const metrics = {};
  for (const [name, map] of state.metrics) {
    const { tensors = [], ...facts } = Object.fromEntries(map);
    const array = ({ digest, dtype, shape }) => ({ dtype, shape, digest, where: content.find(digest) });
    metrics[name] = { ...plain(facts), arrays: tensors.map((line) => [line.s, line.w, line.at, array(line)]) };
  }
  const values = new Map();
  for (const line of points)
    for (const [name, value] of decode(line.v)) into(values, name, () => []).push({ line, value });
  for (const [name, found] of values) {
    const several = new Set(found.map(({ line }) => line.by)).size > 1;
    const order = (a, b) => (several && (compare(a.t, b.t) || compare(a.by, b.by))) || compare(a.n, b.n);
    found.sort((a, b) => order(a.line, b.line));
    (metrics[name] ??= {}).points = found.map(({ line, value }) => [line.s, line.w, line.t, value].map(decode).map(plain));
  }
  return metrics;
}

function run(state, points, heard, content) {
  const { id, deleted, final, first, last, writer } = state;
  if (final) return { id, deleted, final };
  const shown = (names) => (line) => plain(new Map(names.map((name) => [name, decode(line[name] ?? null)])));
  let status = state.fields.get("status") ?? "created";
  if (["created", "running"].includes(status) && isLost(state.fields.get("process"), heard.get(writer))) status = "lost";
  return {
    ...{ id, deleted, final, first, last, writer, heard: state.heard, ...plain(state.fields), status },
    tags: [...state.tags].sort(),
    metadata: plain(state.meta),
    events: state.events.map(shown(["level", "message", "at"])),
    out: state.out.map(shown(["stream", "text", "at", "process"])),
    alerts: plain(state.alerts),
    metrics: metricsOf(state, points, content),
    artifacts: [...state.artifacts.values()].map((line) => artifact(line, content)),
  };
}

// ---- Versions of artifacts ----

function versions(states, content) {
  const found = [];
  for (const state of states) {
    const match = /^([^/]+\/[^/]+)\/v(\d+)~(\w+)$/.exec(state.id);
    if (match && state.version) found.push({ state, of: match[1], number: Number(match[2]), writer: match[3] });
  }
  found.sort((a, b) => ordered(a.state.version, b.state.version));
  const first = new Map();
  return found.map(({ state: { version, deleted, final }, of, number, writer }) => {
    const alone = into(first, `${of}/v${number}`, () => writer) === writer;
    const { type, digest, count, bytes, run, failed = false } = version;
    const where = content.find(digest);
    const file = ([name, digest, size]) => ({ name, digest, size, where: content.find(digest) });
    const files = where && content.json(where).files.map(file);
    const name = alone ? `v${number}` : `v${number}~${writer}`;
    return { of, name, number, writer, deleted, final, failed, type, digest, count, bytes, run, where, files };
  });
}

function aliases(states, all) {
  const found = new Map();
  for (const state of states)
    for (const [alias, { number, writer }] of state.aliases) {
      const one = all.find((one) => one.of === state.id && one.number === number && one.writer === writer);
      if (one) into(found, state.id, () => ({}))[alias] = one.name;
    }
  const best = (a, b) => b.number - a.number || compare(a.name.length, b.name.length);
  for (const one of all.filter((one) => !one.deleted && !one.failed).sort(best)) into(found, one.of, () => ({})).latest ??= one.name;
  return Object.fromEntries(found);
}

/** All that a store has on record: what `main` prints. */
export function readStore(store) {
  const { format } = JSON.parse(fs.readFileSync(path.join(store, "store.json")));
  if (format > FORMAT) throw new Error(`${store} is of format ${format}; this reads up to ${FORMAT}`);
  const { lines, points, heard, damaged } = readLines(store);
  const [content, things, values] = [new Content(store, lines), new Map(), new Map()];
  for (const line of lines) if (line.of) into(things, line.of, () => []).push(line);
  for (const line of points) into(values, line.run, () => []).push(line);
  const states = [...things].map(([id, of]) => fold(id, of));
  const known = versions(states, content);
  const runs = states.filter(({ id }) => !id.includes("/")).sort((a, b) => compare(a.id, b.id));
  return {
    format,
    runs: runs.map((state) => run(state, values.get(state.id) ?? [], heard, content)),
    versions: known,
    aliases: aliases(states, known),
    damaged: [...damaged, ...content.damaged()],
  };
}

if (import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href)
  console.log(JSON.stringify(readStore(process.argv[2] ?? ".whence"), null, 1));
