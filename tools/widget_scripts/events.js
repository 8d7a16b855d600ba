/* Tells the server what customers do with results: open them, look at a product, wave it aside. */

const FROM_SEARCH = "xsearch.opened";

export function watchEvents() {
  document.addEventListener("click", report, true);
  document.addEventListener("auxclick", report, true);
  for (const viewed of document.querySelectorAll("[data-xs-viewed]")) {
    send(viewed.dataset.xsEvents, {
      query_id: searchThatLedTo(viewed.dataset.xsViewed) ?? anyId(),
      object_id: viewed.dataset.xsViewed,
      model: viewed.dataset.model,
      event: viewed.dataset.event,
    });
  }
}

/* A link of a result is a click; an element with data-xs-event="dismiss" or the like says what else it is. */
function report(event) {
  const hit = event.target.closest?.("[data-xs-hit]");
  const list = hit?.closest("[data-xs-events]");
  const marked = event.target.closest?.("[data-xs-event]");
  const kind = hit?.contains(marked) ? marked.dataset.xsEvent : event.target.closest?.("a:not([data-xs-refine])") ? "click" : null;
  if (!list?.dataset.xsEvents || !kind) return;
  const query_id = list.dataset.queryId;
  if (kind === "click") remember(hit.dataset.xsHit, query_id);
  send(list.dataset.xsEvents, {
    query_id,
    object_id: hit.dataset.xsHit,
    position: Number(hit.dataset.position),
    model: hit.dataset.model ?? list.dataset.model,
    event: kind,
  });
}

function send(address, body) {
  navigator.sendBeacon?.(address, new Blob([JSON.stringify(body)], { type: "application/json" }));
}

function remember(objectId, queryId) {
  try {
    sessionStorage.setItem(FROM_SEARCH, JSON.stringify([objectId, queryId]));
  } catch {
    /* The view then belongs to no search. */
  }
}

function searchThatLedTo(objectId) {
  try {
    const [opened, queryId] = JSON.parse(sessionStorage.getItem(FROM_SEARCH) ?? "[]");
    return opened === objectId ? queryId : null;
  } catch {
    return null;
  }
}

function anyId() {
  return crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16));
}
