// A record as C2SP tlog-tiles serves it, checked in the browser: signed checkpoints (C2SP tlog-checkpoint,
// signed-note), RFC 6962 hashes recomputed from tiles, and commitments of a leaf (gatehouse-leaf/1).
// It holds no state and sends nothing: `fetchBytes(path)` gives the bytes of a file of the record.

const TILE = 256;
const text = new TextEncoder();

/** What does not hold. `name` is the key of a sentence, `values` fill it in. */
export class Doubt extends Error {
  constructor(name, values = {}) {
    super(name);
    this.values = values;
  }
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(parts)));

function joined(parts) {
  const found = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    found.set(part, at);
    at += part.length;
  }
  return found;
}

export const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
export const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (each) => parseInt(each, 16));
const unbase64 = (string) => Uint8Array.from(atob(string), (each) => each.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

/** Read a checkpoint: origin, size and root, and the lines that sign it. */
export function parseCheckpoint(note, origin) {
  const split = note.indexOf("\n\n");
  const lines = note.slice(0, split).split("\n");
  if (split < 0 || lines[0] !== origin || !/^(0|[1-9][0-9]{0,15})$/.test(lines[1] ?? "")) {
    throw new Doubt("unreadable");
  }
  let root;
  const signatures = [];
  try {
    root = unbase64(lines[2] ?? "");
    for (const line of note.slice(split + 2).split("\n")) {
      const found = /^\u2014 (\S+) (\S+)$/.exec(line);
      if (found) signatures.push({ name: found[1], bytes: unbase64(found[2]) });
    }
  } catch {
    throw new Doubt("unreadable");
  }
  if (root.length !== 32) throw new Doubt("unreadable");
  return { origin, size: Number(lines[1]), root, signatures, signed: `${note.slice(0, split)}\n` };
}

/**
 * Check that one of the keys has signed a checkpoint. Returns false where the browser has no Ed25519, so that
 * nobody takes a check that was not made for one that was.
 */
export async function checkSignature(checkpoint, keys, name) {
  for (const key of keys) {
    for (const { name: by, bytes } of checkpoint.signatures) {
      if (by !== key.name || hex(bytes.slice(0, 4)) !== key.id || bytes.length !== 68) continue;
      let known;
      try {
        known = await crypto.subtle.importKey("raw", unhex(key.public), { name: "Ed25519" }, false, ["verify"]);
      } catch {
        return false;
      }
      const fits = await crypto.subtle.verify("Ed25519", known, bytes.slice(4), text.encode(checkpoint.signed));
      if (fits) return true;
    }
  }
  throw new Doubt(name);
}

function number(index) {
  const groups = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return groups.join("/");
}

/** The tiles of a tree of one size. */
export class Tree {
  constructor(fetchBytes, size) {
    this.fetchBytes = fetchBytes;
    this.size = size;
    this.tiles = new Map();
  }

  /** The file that holds part `index` of a level, as wide as a tree of this size has it. */
  path(kind, level, index) {
    const width = Math.min(TILE, Math.floor(this.size / TILE ** level) - index * TILE);
    return `tile/${kind}/${number(index)}${width < TILE ? `.p/${width}` : ""}`;
  }

  async tile(level, index) {
    const path = this.path(level, level, index);
    if (!this.tiles.has(path)) this.tiles.set(path, await this.fetchBytes(path));
    return this.tiles.get(path);
  }

  /** The hash of the 2^height leaves that begin at `first`, a multiple of them. */
  async perfect(first, height) {
    const level = Math.floor(height / 8);
    const count = 2 ** (height - 8 * level);
    const place = first / TILE ** level;
    const tile = await this.tile(level, Math.floor(place / TILE));
    let hashes = [];
    for (let at = 0; at < count; at++) {
      const start = 32 * ((place % TILE) + at);
      if (start + 32 > tile.length) throw new Doubt("wrong_root");
      hashes.push(tile.slice(start, start + 32));
    }
    while (hashes.length > 1) {
      const above = [];
      for (let at = 0; at < hashes.length; at += 2) above.push(await node(hashes[at], hashes[at + 1]));
      hashes = above;
    }
    return hashes[0];
  }

  /** The hash of the leaves from `start` to before `end`, which RFC 6962 splits as it splits the tree. */
  async range(start, end) {
    const height = Math.ceil(Math.log2(end - start));
    if (2 ** height === end - start) return this.perfect(start, height);
    const middle = start + split(end - start);
    return node(await this.range(start, middle), await this.range(middle, end));
  }

  /** The root as it comes out with this hash in the place of one leaf. */
  async rootWith(index, hash, start = 0, end = this.size) {
    if (end - start === 1) return hash;
    const middle = start + split(end - start);
    return index < middle
      ? node(await this.rootWith(index, hash, start, middle), await this.range(middle, end))
      : node(await this.range(start, middle), await this.rootWith(index, hash, middle, end));
  }

  /** The roots of the first `old` leaves and of all, both from the same hashes. */
  async both(old, start = 0, end = this.size) {
    if (old >= end) {
      const whole = await this.range(start, end);
      return [whole, whole];
    }
    const middle = start + split(end - start);
    if (old <= middle) {
      const [before, now] = await this.both(old, start, middle);
      return [before, await node(now, await this.range(middle, end))];
    }
    const left = await this.range(start, middle);
    const [before, now] = await this.both(old, middle, end);
    return [await node(left, before), await node(left, now)];
  }

  /** An entry's bytes. */
  async entry(index) {
    const bundle = await this.fetchBytes(this.path("entries", 0, Math.floor(index / TILE)));
    let at = 0;
    for (let skip = index % TILE; ; skip--) {
      if (at + 2 > bundle.length) throw new Doubt("wrong_entry");
      const size = 256 * bundle[at] + bundle[at + 1];
      if (skip === 0) return bundle.slice(at + 2, at + 2 + size);
      at += 2 + size;
    }
  }
}

const node = (left, right) => sha256(new Uint8Array([1]), left, right);
const split = (size) => 2 ** (Math.ceil(Math.log2(size)) - 1);

/** Check that an entry is in the tree of a checkpoint, and return it. */
export async function checkEntry(tree, checkpoint, index) {
  const entry = await tree.entry(index);
  const root = await tree.rootWith(index, await sha256(new Uint8Array([0]), entry));
  if (!same(root, checkpoint.root)) {
    const whole = await tree.range(0, checkpoint.size);
    throw new Doubt(same(whole, checkpoint.root) ? "wrong_entry" : "wrong_root");
  }
  return entry;
}

/** Check that a tree continues an older checkpoint. */
export async function checkGrown(tree, checkpoint, old) {
  if (old.size > checkpoint.size) throw new Doubt("wrong_old");
  if (old.size === 0) return;
  const [before, now] = await tree.both(old.size);
  if (!same(now, checkpoint.root)) throw new Doubt("wrong_root");
  if (!same(before, old.root)) throw new Doubt("wrong_old");
}

/** Check what is published of an entry against the commitments in its leaf. */
export async function checkOpening(leaf, index, disclosure) {
  const { field, key, value } = disclosure;
  const expected = leaf.commitments[field];
  const committed = `gatehouse-leaf/1 value\n${field}\n${leaf.agency}\n${leaf.event}\n${canonical(value)}`;
  let got = "";
  if (/^[0-9a-f]{64}$/.test(key)) {
    const keyed = await crypto.subtle.importKey("raw", unhex(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    got = hex(new Uint8Array(await crypto.subtle.sign("HMAC", keyed, text.encode(committed))));
  }
  if (disclosure.index !== index || got !== expected) throw new Doubt("wrong_opening", { field });
}

/** JSON as the record spells it: keys sorted, no blanks. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
