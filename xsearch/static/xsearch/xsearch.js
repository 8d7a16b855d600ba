/* Brings every search bar of the page to life, and tells the server which results are opened. */

import { Bar } from "./bar.js";
import { Results } from "./results.js";

function start() {
  const place = document.querySelector("[data-xsearch-results]");
  const results = place ? new Results(place) : null;
  const bars = [...document.querySelectorAll("form[data-xsearch-bar]")];
  bars.map((form) => new Bar(form, results)).forEach((bar, number) => bar.start(number === 0));
  document.addEventListener("click", reportClick, true);
  document.addEventListener("auxclick", reportClick, true);
}

function reportClick(event) {
  const hit = event.target.closest?.("[data-xs-hit]");
  const list = hit?.closest("[data-xs-events]");
  if (!list?.dataset.xsEvents || !event.target.closest("a")) return;
  const body = {
    query_id: list.dataset.queryId,
    object_id: hit.dataset.xsHit,
    position: Number(hit.dataset.position),
    model: hit.dataset.model ?? list.dataset.model,
    event: "click",
  };
  navigator.sendBeacon?.(list.dataset.xsEvents, new Blob([JSON.stringify(body)], { type: "application/json" }));
}

start();
