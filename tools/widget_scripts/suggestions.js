/* Suggestions under the search field: an editable combobox with a grouped listbox, as the ARIA practices describe it. */

import { groupsOf, listOf } from "./suggestion_list.js";

const PAUSE_MS = 120;
const TEXTS = 6;
const KNOWN = 100; /* answers that are kept */

export class Suggestions {
  constructor(bar) {
    this.bar = bar;
    this.list = bar.form.querySelector('[role="listbox"]');
    this.known = new Map();
    this.options = [];
    this.active = -1;
    this.timer = 0;
    this.typed = "";
    this.request = null;
  }

  start() {
    if (!this.bar.config.suggest) return;
    const { input } = this.bar;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", (event) => this.later(event));
    input.addEventListener("compositionend", (event) => this.later(event));
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.click(event.target.closest('[role="option"]')));
  }

  /* While an input method composes, as for Chinese, the field holds letters that nobody looks for. */
  later(event) {
    clearTimeout(this.timer);
    if (event.isComposing && event.type !== "compositionend") return;
    this.typed = this.bar.input.value;
    this.timer = setTimeout(() => this.ask(this.typed), PAUSE_MS);
  }

  async ask(text) {
    this.request?.abort();
    if (!text.trim()) return this.close();
    try {
      const found = this.known.get(text) ?? (await this.fetch(text));
      this.remember(text, found);
      if (text === this.bar.input.value && document.activeElement === this.bar.input) this.open(found);
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  async fetch(text) {
    this.request = new AbortController();
    const { language: lang, model, suggest } = this.bar.config;
    const query = new URLSearchParams({ q: text, model, lang, limit: TEXTS });
    const response = await fetch(`${suggest}?${query}`, { signal: this.request.signal });
    return response.ok ? response.json() : { suggestions: [] };
  }

  remember(text, found) {
    if (this.known.size >= KNOWN) this.known.delete(this.known.keys().next().value);
    this.known.set(text, found);
  }

  /* What stands there already is left as it is, so that nothing flickers from letter to letter. */
  open(found) {
    const groups = groupsOf(found, this.bar.texts);
    const count = groups.reduce((sum, group) => sum + group.items.length, 0);
    if (!count) return this.close();
    const shown = JSON.stringify([found, this.typed]);
    if (this.list.hidden || this.list.dataset.shown !== shown) {
      this.list.replaceChildren(...listOf(groups, found.corrected, this.typed, this.bar, this.list.id));
      this.list.dataset.shown = shown;
    }
    this.options = [...this.list.querySelectorAll('[role="option"]')];
    this.list.hidden = false;
    this.mark(-1);
    this.bar.input.setAttribute("aria-expanded", "true");
    this.bar.say(this.bar.texts.suggestions.replace("{count}", count), "hidden");
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.mark(-1);
    this.bar.say("");
    this.bar.input.setAttribute("aria-expanded", "false");
  }

  key(event) {
    if (event.isComposing) return; /* Enter and arrows belong to the input method */
    if (event.key === "Enter") return this.enter(event);
    if (this.list.hidden) return;
    const last = this.options.length - 1;
    const moves = {
      ArrowDown: () => this.move(this.active < last ? this.active + 1 : -1),
      ArrowUp: () => this.move(this.active < 0 ? last : this.active - 1),
      Escape: () => this.giveUp(),
      /* Without an option they belong to the text. */
      Home: this.active >= 0 && (() => this.move(0)),
      End: this.active >= 0 && (() => this.move(last)),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  /* One step beyond either end is the text as it was typed. */
  move(place) {
    this.mark(place);
    const chosen = this.options[place];
    this.bar.input.value = chosen?.xsItem.text ?? this.typed;
    chosen?.scrollIntoView({ block: "nearest" });
  }

  mark(place) {
    this.active = place;
    this.options.forEach((option, number) => option.setAttribute("aria-selected", String(number === place)));
    if (place < 0) this.bar.input.removeAttribute("aria-activedescendant");
    else this.bar.input.setAttribute("aria-activedescendant", this.options[place].id);
  }

  giveUp() {
    this.bar.input.value = this.typed;
    this.close();
  }

  /* A text stands in the field already and is searched for as any other; the rest leads somewhere of its own. */
  enter(event) {
    const item = this.list.hidden ? null : this.options[this.active]?.xsItem;
    if (item && item.text === undefined) {
      event.preventDefault();
      this.choose(item);
    } else {
      this.close();
    }
  }

  click(option) {
    if (option) this.choose(option.xsItem);
  }

  choose(item) {
    this.close();
    if (item.url) return location.assign(item.url);
    this.bar.input.value = item.text ?? item.label;
    this.bar.wording = [];
    if (item.filters) this.bar.filters = { ...(this.bar.config.fixed ? this.bar.base : {}), ...item.filters };
    return this.bar.search({ push: true });
  }
}
