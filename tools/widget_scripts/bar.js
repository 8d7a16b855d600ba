/* The search bar: what the customer gives (words, photo, voice) becomes one query. */

import { watchDrops, watchPaste } from "./gestures.js";
import { Photos } from "./photo.js";
import { addressOf, filtersIn, forget, handOver, isSpoken, keepPhotos, keptPhotos, takeOver, wordingOf } from "./state.js";
import { Suggestions } from "./suggestions.js";
import { Voice } from "./voice.js";

export class Bar {
  constructor(form, results) {
    this.form = form;
    this.results = results;
    this.config = JSON.parse(form.querySelector('script[type="application/json"]').textContent);
    this.texts = this.config.texts;
    this.input = form.elements.q;
    this.action = addressOf(form.action, "", {});
    this.message = form.querySelector("[data-xs-message]");
    this.base = filtersIn(new URLSearchParams(new FormData(form)), this.config.filters);
    this.filters = this.base;
    this.wording = []; /* how the query is taken: without correction, with conditions dropped, in nobody's order */
    this.sound = null;
    this.photos = new Photos(this);
    this.voice = new Voice(this);
    this.suggestions = new Suggestions(this);
  }

  /* The first bar of the page is the one that owns the results and the address. */
  start(owns) {
    this.form.classList.add("xs-on");
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.photos.start();
    this.voice.start();
    this.suggestions.start();
    watchDrops(this);
    if (owns) watchPaste(this);
    if (owns && this.results) this.own();
  }

  own() {
    this.wording = wordingOf(location.href);
    if (isSpoken(location.href)) this.voice.hear(this.input.value);
    this.results.attach({
      refine: (address) => this.refine(address),
      more: (address) => this.more(address),
      retry: () => this.search({ push: false }),
    });
    addEventListener("popstate", (event) => this.restore(event.state));
    const photos = takeOver() ?? history.state?.xsearchPhotos ?? [];
    if (photos.length) this.restore({ xsearchPhotos: photos });
    else this.results.count(this.action, this.body());
  }

  submit(event) {
    event.preventDefault();
    this.suggestions.close();
    this.wording = [];
    this.search({ push: true });
  }

  say(text, kind = "") {
    this.message.textContent = text;
    this.message.dataset.kind = kind;
  }

  async addPhotos(files) {
    this.say("");
    const before = this.photos.items.length;
    await this.photos.add(files);
    if (this.photos.items.length > before) this.search({ push: true });
  }

  /* Without photos and words there is nothing left to show but the empty page. */
  photoRemoved() {
    this.say(this.texts.photoRemoved, "quiet");
    this.input.focus();
    this.search({ push: true });
  }

  isEmpty() {
    return !this.input.value.trim() && !this.photos.items.length && !this.sound;
  }

  async search({ push }) {
    if (!this.results) return this.leave();
    const photos = await keepPhotos(this.photos.items);
    const address = this.address();
    const state = { xsearchPhotos: photos };
    const before = history.state?.xsearchPhotos ?? [];
    if (push && (address !== location.href || photos.join() !== before.join())) {
      history.pushState(state, "", address);
    } else {
      history.replaceState(state, "", address);
    }
    return this.results.show(this.action, this.body(), this.texts);
  }

  body(page = 1) {
    const body = new FormData();
    body.set("q", this.input.value.trim());
    this.marks().forEach(([name, value]) => body.append(name, value));
    for (const [name, values] of Object.entries(this.filters)) values.forEach((value) => body.append(name, value));
    this.photos.items.forEach(({ blob }) => body.append("image", blob, "photo"));
    if (this.voice.heard.length > 1 && this.voice.stillStands()) body.set("heard", JSON.stringify(this.voice.heard));
    if (this.sound) body.set("audio", this.sound, "sound");
    if (page > 1) body.set("page", page);
    return body;
  }

  /* What else the server must know of the query. */
  marks() {
    return [...this.wording, ...(this.voice.stillStands() ? [["spoken", "1"]] : [])];
  }

  address() {
    const order = this.wording.filter(([name]) => name === "sort");
    return addressOf(this.action, this.input.value, this.filters, this.isEmpty() ? order : this.marks());
  }

  refine(address) {
    this.filters = { ...(this.config.fixed ? this.base : {}), ...this.filtersOf(address) };
    this.wording = wordingOf(address);
    return this.search({ push: true });
  }

  more(address) {
    const page = Number(new URL(address).searchParams.get("page")) || 1;
    return this.results.append(this.action, this.body(page), this.texts);
  }

  filtersOf(address) {
    return filtersIn(new URL(address).searchParams, this.config.filters);
  }

  /* The back and forward buttons: address and history hold the whole query but the photos' pixels. */
  async restore(state) {
    this.input.value = new URL(location.href).searchParams.get("q") ?? "";
    this.filters = { ...(this.config.fixed ? this.base : {}), ...this.filtersOf(location.href) };
    this.wording = wordingOf(location.href);
    this.sound = null;
    this.voice.clear();
    if (isSpoken(location.href)) this.voice.hear(this.input.value);
    this.say("");
    const kept = await keptPhotos(state?.xsearchPhotos ?? []);
    this.photos.clear();
    await this.photos.add(kept.map(({ blob }) => blob), kept.map(({ key }) => key));
    return this.search({ push: false });
  }

  /* On a page without results, the query goes to the page that has them. */
  async leave() {
    if (this.isEmpty()) return this.input.focus();
    const photos = await keepPhotos(this.photos.items);
    if (photos.length) handOver(photos);
    else forget();
    location.assign(this.address());
  }
}
