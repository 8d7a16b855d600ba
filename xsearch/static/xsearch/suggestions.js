/* Completions under the search field: a combobox as the ARIA practices describe it. */

const PAUSE_MS = 120;

export class Suggestions {
  constructor(bar) {
    this.bar = bar;
    this.list = bar.form.querySelector('[role="listbox"]');
    this.known = new Map();
    this.active = -1;
    this.timer = 0;
    this.typed = "";
  }

  start() {
    if (!this.bar.config.suggest) return;
    const { input } = this.bar;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => this.later());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest('[role="option"]')));
  }

  later() {
    clearTimeout(this.timer);
    this.typed = this.bar.input.value;
    this.timer = setTimeout(() => this.ask(this.typed), PAUSE_MS);
  }

  async ask(text) {
    if (!text.trim()) return this.close();
    try {
      const found = this.known.get(text) ?? (await this.fetch(text));
      this.known.set(text, found);
      if (text === this.bar.input.value && document.activeElement === this.bar.input) this.open(found);
    } catch {
      this.close();
    }
  }

  async fetch(text) {
    const query = new URLSearchParams({ q: text, model: this.bar.config.model });
    const response = await fetch(`${this.bar.config.suggest}?${query}`);
    return response.ok ? (await response.json()).suggestions : [];
  }

  open(all) {
    const found = all.filter((text) => text !== this.bar.input.value.trim());
    if (!found.length) return this.close();
    const options = found.map((text, number) => {
      const option = Object.assign(document.createElement("li"), { id: `${this.list.id}-${number}` });
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.className = "xs-suggestion";
      option.textContent = text;
      return option;
    });
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.active = -1;
    this.bar.input.setAttribute("aria-expanded", "true");
    this.bar.input.removeAttribute("aria-activedescendant");
    this.bar.say(this.bar.texts.suggestions.replace("{count}", found.length), "hidden");
  }

  close() {
    clearTimeout(this.timer);
    if (this.list.hidden) return;
    this.list.hidden = true;
    this.active = -1;
    this.bar.say("");
    this.bar.input.setAttribute("aria-expanded", "false");
    this.bar.input.removeAttribute("aria-activedescendant");
  }

  key(event) {
    if (event.isComposing) return; /* Enter and arrows belong to the input method, as for Chinese */
    if (event.key === "Enter") return this.close();
    if (this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.bar.input.value = this.typed;
      this.close();
    }
  }

  /* One step beyond either end is the text as it was typed. */
  move(step) {
    const options = [...this.list.children];
    const places = options.length + 1;
    this.active = ((this.active + 1 + step + places) % places) - 1;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.active)));
    const chosen = options[this.active];
    this.bar.input.value = chosen ? chosen.textContent : this.typed;
    if (chosen) this.bar.input.setAttribute("aria-activedescendant", chosen.id);
    else this.bar.input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  choose(option) {
    if (!option) return;
    this.bar.input.value = option.textContent;
    this.close();
    this.bar.wording = [];
    this.bar.search({ push: true });
  }
}
