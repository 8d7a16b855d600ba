/* The search bar: what the customer gives (words, photo, voice) becomes one query. */

import { watchDrops, watchPaste } from "./gestures.js";
import { Photo } from "./photo.js";
import { addressOf, filtersIn, forget, handOver, isLiteral, keepPhoto, keptPhoto, takeOver } from "./state.js";
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
    this.literal = false; /* whether the words are searched for as they are, without correction */
    this.sound = null;
    this.photo = new Photo(this);
    this.voice = new Voice(this);
    this.suggestions = new Suggestions(this);
  }

  /* The first bar of the page is the one that owns the results and the address. */
  start(owns) {
    this.form.classList.add("xs-on");
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.photo.start();
    this.voice.start();
    this.suggestions.start();
    watchDrops(this);
    if (owns) watchPaste(this);
    if (owns && this.results) this.own();
  }

  own() {
    this.literal = isLiteral(location.href);
    this.results.attach({
      refine: (address) => this.refine(address),
      more: (address) => this.more(address),
      retry: () => this.search({ push: false }),
    });
    addEventListener("popstate", (event) => this.restore(event.state));
    const photo = takeOver() ?? history.state?.xsearchPhoto ?? null;
    if (photo) this.restore({ xsearchPhoto: photo });
  }

  submit(event) {
    event.preventDefault();
    this.suggestions.close();
    this.literal = false;
    this.search({ push: true });
  }

  say(text, kind = "") {
    this.message.textContent = text;
    this.message.dataset.kind = kind;
  }

  async addPhoto(file) {
    this.say("");
    const added = await this.photo.set(file);
    if (added) this.search({ push: true });
  }

  /* Without photo and words there is nothing left to show but the empty page. */
  photoRemoved() {
    this.say(this.texts.photoRemoved, "quiet");
    this.input.focus();
    this.search({ push: true });
  }

  isEmpty() {
    return !this.input.value.trim() && !this.photo.blob && !this.sound;
  }

  async search({ push }) {
    if (!this.results) return this.leave();
    const photo = this.photo.blob ? await keepPhoto(this.photo) : null;
    const address = addressOf(this.action, this.input.value, this.filters, this.literal);
    const state = { xsearchPhoto: photo };
    if (push && (address !== location.href || photo !== (history.state?.xsearchPhoto ?? null))) {
      history.pushState(state, "", address);
    } else {
      history.replaceState(state, "", address);
    }
    return this.results.show(this.action, this.body(), this.texts);
  }

  body(page = 1) {
    const body = new FormData();
    body.set("q", this.input.value.trim());
    if (this.literal) body.set("literal", "1");
    for (const [name, values] of Object.entries(this.filters)) values.forEach((value) => body.append(name, value));
    if (this.voice.stillStands()) body.set("heard", JSON.stringify(this.voice.heard));
    if (this.photo.blob) body.set("image", this.photo.blob, "photo");
    if (this.sound) body.set("audio", this.sound, "sound");
    if (page > 1) body.set("page", page);
    return body;
  }

  refine(address) {
    this.filters = { ...(this.config.fixed ? this.base : {}), ...this.filtersOf(address) };
    this.literal = isLiteral(address);
    return this.search({ push: true });
  }

  more(address) {
    const page = Number(new URL(address).searchParams.get("page")) || 1;
    return this.results.append(this.action, this.body(page), this.texts);
  }

  filtersOf(address) {
    return filtersIn(new URL(address).searchParams, this.config.filters);
  }

  /* The back and forward buttons: address and history hold the whole query but the photo's pixels. */
  async restore(state) {
    this.input.value = new URL(location.href).searchParams.get("q") ?? "";
    this.filters = { ...(this.config.fixed ? this.base : {}), ...this.filtersOf(location.href) };
    this.literal = isLiteral(location.href);
    this.sound = null;
    this.voice.clear();
    this.say("");
    const photo = state?.xsearchPhoto ? await keptPhoto(state.xsearchPhoto) : null;
    if (photo) await this.photo.set(photo, state.xsearchPhoto);
    else this.photo.clear();
    return this.search({ push: false });
  }

  /* On a page without results, the query goes to the page that has them. */
  async leave() {
    if (this.isEmpty()) return this.input.focus();
    const photo = this.photo.blob ? await keepPhoto(this.photo) : null;
    if (photo) handOver(photo);
    else forget();
    location.assign(addressOf(this.action, this.input.value, this.filters));
  }
}
