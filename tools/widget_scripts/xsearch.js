/* Brings every search bar of the page to life, and tells the server which results are opened. */

import { Bar } from "./bar.js";
import { watchConsent } from "./consent.js";
import { watchEvents } from "./events.js";
import { Results } from "./results.js";

function start() {
  const place = document.querySelector("[data-xsearch-results]");
  const results = place ? new Results(place) : null;
  const bars = [...document.querySelectorAll("form[data-xsearch-bar]")];
  bars.map((form) => new Bar(form, results)).forEach((bar, number) => bar.start(number === 0));
  watchEvents();
  watchConsent();
}

/* A page that links the script twice, as a cached part of it may, has every bar once. */
if (!document.documentElement.hasAttribute("data-xsearch")) {
  document.documentElement.setAttribute("data-xsearch", "");
  start();
}
