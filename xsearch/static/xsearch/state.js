/* What survives a page: the query in the address, the photo in this tab's session storage. */

const PREFIX = "xsearch.photo.";
const HANDOVER = "xsearch.handover";
const PHOTOS_KEPT = 3;
const inMemory = new Map();

export function filtersIn(params, names) {
  const filters = {};
  for (const name of names) {
    const values = params.getAll(name).filter((value) => value !== "");
    if (values.length) filters[name] = values;
  }
  return filters;
}

export function isLiteral(address) {
  return new URL(address).searchParams.has("literal");
}

/* Whether the address asks for results in nobody's order, and whether its words are a transcript. */
export function isImpersonal(address) {
  return new URL(address).searchParams.get("personal") === "0";
}

export function isSpoken(address) {
  return new URL(address).searchParams.has("spoken");
}

export function addressOf(action, text, filters, literal = false) {
  const url = new URL(action);
  url.search = "";
  url.hash = "";
  if (text.trim()) url.searchParams.set("q", text.trim());
  if (text.trim() && literal) url.searchParams.set("literal", "1");
  for (const [name, values] of Object.entries(filters)) {
    values.forEach((value) => url.searchParams.append(name, value));
  }
  return url.href;
}

/* Returns the key under which the photo is found again after a reload or on another page of this tab. */
export async function keepPhoto(photo) {
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

export async function keptPhoto(key) {
  if (inMemory.has(key)) return inMemory.get(key);
  const stored = read(key);
  if (!stored) return null;
  const [head, body] = stored.split(",", 2);
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length).split(";")[0] });
}

export function handOver(key) {
  try {
    sessionStorage.setItem(HANDOVER, key);
  } catch {
    /* The next page then searches without the photo. */
  }
}

export function takeOver() {
  const key = read(HANDOVER);
  forget();
  return key;
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
