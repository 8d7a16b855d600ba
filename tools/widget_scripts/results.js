/* The results: fetched without a reload, rendered by the server with the shop's own templates. */

export class Results {
  constructor(section) {
    this.section = section;
    this.place = section.querySelector("[data-xs-place]");
    this.live = section.querySelector("[data-xs-live]");
    this.running = null;
    this.counting = null;
    this.openFacets();
  }

  attach({ refine, more, retry }) {
    this.retry = retry;
    this.sortOnChange();
    this.section.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-xs-refine], a[data-xs-more]");
      if (event.target.closest("[data-xs-retry]")) return retry();
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
      event.preventDefault();
      return link.matches("[data-xs-more]") ? more(link.href) : refine(link.href);
    });
    this.section.addEventListener("submit", (event) => {
      if (!event.target.matches("[data-xs-range], [data-xs-sort]")) return;
      event.preventDefault();
      const query = new URLSearchParams(new FormData(event.target));
      refine(`${location.origin}${location.pathname}?${query}`);
    });
  }

  /* The order changes with the choice; without this script, a button sends it. */
  sortOnChange() {
    this.section.dataset.xsScripted = "";
    this.section.addEventListener("change", (event) => event.target.closest("[data-xs-sort]")?.requestSubmit());
  }

  async show(address, body, texts) {
    this.counting?.abort();
    this.wait(texts);
    const content = await this.fetch(address, body, texts);
    if (!content) return;
    this.exchange(content);
    this.live.textContent = content.dataset.summary;
    this.section.setAttribute("aria-busy", "false");
    this.count(address, body);
  }

  /* What has the focus keeps it, if it is there again. */
  exchange(content) {
    const focused = this.focusedLabel();
    this.place.replaceChildren(content);
    this.openFacets();
    this.refocus(focused);
  }

  /* Where only the likely results were looked at, the numbers are those of all a little later. */
  async count(address, body) {
    if (!this.place.querySelector("[data-xs-uncounted]")) return;
    const mine = (this.counting = new AbortController());
    body.set("exact", "true");
    body.set("again", "true");
    try {
      const response = await this.ask(address, body, mine.signal);
      if (response.ok) this.recount(await contentOf(response));
    } catch {
      /* The numbers stay as they are: as many at least. */
    }
  }

  recount(content) {
    const hits = (part) => part.querySelectorAll("[data-xs-hit]").length;
    this.live.textContent = content.dataset.summary;
    if (hits(content) > hits(this.place)) return this.exchange(content);
    Object.assign(this.place.querySelector("[data-xs-content]").dataset, {
      total: content.dataset.total,
      summary: content.dataset.summary,
    });
    for (const counts of content.querySelectorAll("[data-xs-counts]")) {
      const before = this.place.querySelector(`[data-xs-counts="${counts.dataset.xsCounts}"]`);
      if (!before || before.contains(document.activeElement?.closest("form"))) continue;
      const focused = before.contains(document.activeElement) ? this.focusedLabel() : null;
      before.replaceWith(counts);
      this.refocus(focused);
    }
    return this.openFacets();
  }

  async append(address, body, texts) {
    this.live.textContent = texts.searching;
    const content = await this.fetch(address, body, texts);
    if (!content) return;
    const added = [...content.querySelectorAll("[data-xs-hits] > li")];
    this.place.querySelector("[data-xs-hits]").append(...added);
    this.place.querySelector("[data-xs-pages]").replaceWith(content.querySelector("[data-xs-pages] [data-xs-more]")?.closest("nav") ?? "");
    added[0]?.querySelector("a")?.focus({ preventScroll: true });
    this.live.textContent = content.dataset.summary;
  }

  wait(texts) {
    this.section.setAttribute("aria-busy", "true");
    this.live.textContent = texts.searching;
    const isEmpty = !this.place.querySelector("[data-xs-hits]");
    if (isEmpty) this.place.replaceChildren(this.copy("[data-xs-skeleton]"));
  }

  /* Returns the new content, or null when a newer query overtook this one or it failed, which is shown. */
  async fetch(address, body, texts) {
    this.running?.abort();
    const mine = (this.running = new AbortController());
    try {
      const response = await this.ask(address, body, mine.signal);
      if (!response.ok) return this.fail(await this.reason(response, texts));
      return await contentOf(response);
    } catch (error) {
      return error.name === "AbortError" ? null : this.fail(texts.failed);
    }
  }

  ask(address, body, signal) {
    return fetch(address, { method: "POST", body, headers: { "X-Xsearch": "fragment" }, signal });
  }

  async reason(response, texts) {
    try {
      return (await response.json()).detail ?? texts.failed;
    } catch {
      return texts.failed;
    }
  }

  fail(detail) {
    const problem = this.copy("[data-xs-problem]");
    problem.querySelector("[data-xs-problem-text]").textContent = detail;
    this.place.replaceChildren(problem);
    this.section.setAttribute("aria-busy", "false");
    this.live.textContent = "";
    return null;
  }

  copy(selector) {
    return this.section.querySelector(selector).content.firstElementChild.cloneNode(true);
  }

  /* Where there is room, the filters stand beside the results. */
  openFacets() {
    const facets = this.place.querySelector("[data-xs-facets]");
    if (facets) facets.open = this.facetsWereOpen ?? matchMedia("(min-width: 56rem)").matches;
    facets?.addEventListener("toggle", () => { this.facetsWereOpen = facets.open; });
  }

  focusedLabel() {
    const focused = document.activeElement;
    return this.place.contains(focused) ? labelOf(focused) : null;
  }

  /* A filter chosen by keyboard keeps the focus, although it is a new element now; so do a hit and the order. */
  refocus(label) {
    if (label === null) return;
    const links = [...this.place.querySelectorAll("a, select")];
    const same = links.find((link) => label && labelOf(link) === label);
    (same ?? links[0])?.focus({ preventScroll: true });
  }
}

async function contentOf(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return document.adoptNode(page.querySelector("[data-xs-content]"));
}

/* What a link stays recognised by: the filter, the condition that was understood, or where it leads. */
function labelOf(link) {
  const wish = link.closest("[data-xs-wish]")?.dataset.xsWish;
  return wish ? `${wish} ${link.className}` : link.querySelector(".xs-option-label")?.textContent ?? link.href ?? link.name ?? "";
}
