// The page "Check it yourself": fetches the record from this site and says what holds, and what does not.

import { Doubt, Tree, checkEntry, checkGrown, checkOpening, checkSignature, parseCheckpoint } from "./record.js";

const page = document.getElementById("check");
const words = page.dataset;
const root = words.root;
const keys = JSON.parse(words.keys);

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const said = (name, values = {}) =>
  words[camel(name)].replace(/\{([a-z]+)\}/g, (whole, key) => String(values[key] ?? whole));

async function fetchBytes(path) {
  let response;
  try {
    response = await fetch(`${root}${path}`, { cache: "no-store" });
  } catch {
    throw new Doubt("missing", { path });
  }
  if (!response.ok) throw new Doubt("missing", { path });
  return new Uint8Array(await response.arrayBuffer());
}

const ofRecord = (path) => fetchBytes(`ledger/${path}`);

async function current() {
  const note = new TextDecoder().decode(await ofRecord("checkpoint"));
  const checkpoint = parseCheckpoint(note, words.origin);
  const signed = await checkSignature(checkpoint, keys, "wrong_signature");
  return { checkpoint, tree: new Tree(ofRecord, checkpoint.size), signed };
}

/** What is published of an entry, an empty list where nothing is. */
async function openings(index) {
  const decode = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
  const list = decode(await fetchBytes("data/openings/index.json"));
  const part = Math.floor(index / list.entries_a_file);
  if (!list.files.includes(part)) return [];
  return decode(await fetchBytes(`data/openings/${part}.json`))[String(index)] ?? [];
}

async function entry(index) {
  const { checkpoint, tree, signed } = await current();
  if (!(index < checkpoint.size)) throw new Doubt("bad_index", { last: checkpoint.size - 1 });
  const data = await checkEntry(tree, checkpoint, index);
  const leaf = JSON.parse(new TextDecoder().decode(data));
  const opened = await openings(index);
  for (const each of opened) await checkOpening(leaf, index, each);
  const { commitments, ...clear } = leaf;
  const lines = [said("entry_in", { index, size: checkpoint.size }), said(signed ? "signature" : "no_signature")];
  const shown = [[said("entry_says"), clear]];
  if (opened.length) {
    shown.push([said("opened"), Object.fromEntries(opened.map((each) => [each.field, each.value]))]);
  } else lines.push(said("not_opened"));
  return { lines, shown };
}

async function grown(note) {
  const old = parseCheckpoint(`${note.trim()}\n`, words.origin);
  await checkSignature(old, keys, "old_unsigned");
  const { checkpoint, tree, signed } = await current();
  await checkGrown(tree, checkpoint, old);
  const lines = [said("consistent", { size: checkpoint.size, old: old.size })];
  return { lines: [...lines, said(signed ? "signature" : "no_signature")], shown: [] };
}

function line(tag, content, name) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (name) made.className = name;
  return made;
}

async function run(place, work) {
  place.hidden = false;
  place.className = "result";
  place.replaceChildren(line("p", said("working")));
  try {
    const { lines, shown } = await work();
    const list = document.createElement("ul");
    list.append(...lines.map((each) => line("li", each)));
    place.replaceChildren(line("p", said("verified"), "verdict"), list);
    for (const [title, value] of shown) {
      const box = line("pre", JSON.stringify(value, null, 1));
      box.tabIndex = 0;
      place.append(line("p", title), box);
    }
    place.classList.add("good");
  } catch (error) {
    const what = error instanceof Doubt ? said(error.message, error.values) : String(error);
    place.replaceChildren(line("p", said("failed"), "verdict"), line("p", what));
    place.classList.add("bad");
  }
}

const one = document.getElementById("one-result");

function checkOne(given) {
  const index = /^[0-9]{1,15}$/.test(given) ? Number(given) : Number.MAX_SAFE_INTEGER;
  return run(one, () => entry(index));
}

document.getElementById("one").addEventListener("submit", (event) => {
  event.preventDefault();
  checkOne(event.target.elements.index.value.trim());
});
document.getElementById("grown").addEventListener("submit", (event) => {
  event.preventDefault();
  const note = event.target.elements.kept.value;
  run(document.getElementById("grown-result"), () => grown(note));
});

function fromAddress() {
  const index = location.hash.slice(1);
  if (!/^[0-9]{1,15}$/.test(index)) return;
  document.getElementById("index").value = index;
  checkOne(index);
}
addEventListener("hashchange", fromAddress);
fromAddress();
