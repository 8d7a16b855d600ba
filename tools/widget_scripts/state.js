/* What survives a page: the query in the address, the photos in this tab's session storage. */

const PREFIX = "xsearch.photo.";
const HANDOVER = "xsearch.handover";
const PHOTOS_KEPT = 8;
const inMemory = new Map();

export function filtersIn(params, names) {
  const filters = {};
  for (const name of names) {
    const values = params.getAll(name).filter((value) => value !== "");
    if (values.length) filters[name] = values;
  }
  return filters;
}

/* How a query is taken, as pairs of parameters: without correction, with conditions dropped or strict, in which order, to whose taste. */
const WORDING = ["literal", "understand", "drop", "soft", "strict", "personal", "sort"];

export function wordingOf(address) {
  return [...new URL(address).searchParams].filter(([name]) => WORDING.includes(name));
}

/* Whether the words of an address are a transcript. */
export function isSpoken(address) {
  return new URL(address).searchParams.has("spoken");
}

export function addressOf(action, text, filters, wording = []) {
  const url = new URL(action);
  url.search = "";
  url.hash = "";
  if (text.trim()) url.searchParams.set("q", text.trim());
  wording.forEach(([name, value]) => url.searchParams.append(name, value));
  for (const [name, values] of Object.entries(filters)) {
    values.forEach((value) => url.searchParams.append(name, value));
  }
  return url.href;
}

/* Returns the keys under which photos are found again after a reload or on another page of this tab. */
export async function keepPhotos(photos) {
  const keys = [];
  for (const photo of photos) keys.push(await keepPhoto(photo));
  return keys;
}

/* Returns what is left of the photos under these keys, as {key, blob}. */
export async function keptPhotos(keys) {
  const photos = await Promise.all(keys.map(async (key) => ({ key, blob: await keptPhoto(key) })));
  return photos.filter(({ blob }) => blob);
}

async function keepPhoto(photo) {
  if (photo.key) return photo.key;
  photo.key = `${PREFIX}${Date.now()}.${Math.random().toString(36).slice(2)}`;
  inMemory.set(photo.key, photo.blob);
  try {
    dropOldest();
    sessionStorage.setItem(photo.key, await asDataUrl(photo.blob));
  } catch {
    /* Storage is full or forbidden: the photo lives as long as the page. */
  }
  return photo.key;
}

async function keptPhoto(key) {
  if (inMemory.has(key)) return inMemory.get(key);
  const stored = read(key);
  if (!stored) return null;
  const [head, body] = stored.split(",", 2);
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length).split(";")[0] });
}

export function handOver(keys) {
  try {
    sessionStorage.setItem(HANDOVER, JSON.stringify(keys));
  } catch {
    /* The next page then searches without the photos. */
  }
}

export function takeOver() {
  const keys = read(HANDOVER);
  forget();
  return keys ? JSON.parse(keys) : null;
}

export function forget() {
  try {
    sessionStorage.removeItem(HANDOVER);
  } catch {
    /* Nothing was stored then either. */
  }
}

function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function dropOldest() {
  const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).sort();
  keys.slice(0, Math.max(0, keys.length + 1 - PHOTOS_KEPT)).forEach((key) => sessionStorage.removeItem(key));
}

function asDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
