/* Made by make scripts from tools/widget_scripts, SHA-256 14442d462c9537e39d64fc83af3c6a315be53f5f4a82dc148168e0275ec010d7 */ 'use strict';
(() => {
  // tools/widget_scripts/gestures.js
  function watchPaste(bar) {
    document.addEventListener("paste", (event) => {
      const elsewhere = event.target.closest?.("input, textarea, [contenteditable]");
      if (elsewhere && !bar.form.contains(elsewhere)) return;
      const files = photosIn(event.clipboardData);
      if (!files.length) return;
      event.preventDefault();
      bar.addPhotos(files);
    });
  }
  function watchDrops(bar) {
    const hint = bar.form.querySelector("[data-xs-drop]");
    const highlight = (on) => {
      bar.form.classList.toggle("xs-dropping", on);
      hint.hidden = !on;
    };
    bar.form.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      highlight(true);
    });
    bar.form.addEventListener("dragleave", (event) => {
      if (!bar.form.contains(event.relatedTarget)) highlight(false);
    });
    bar.form.addEventListener("drop", (event) => {
      highlight(false);
      const [file] = event.dataTransfer.files;
      if (!file) return;
      event.preventDefault();
      const files = photosIn(event.dataTransfer);
      bar.addPhotos(files.length ? files : [file]);
    });
  }
  function photosIn(transfer) {
    return [...transfer?.files ?? []].filter((file) => file.type.startsWith("image/"));
  }

  // tools/widget_scripts/camera.js
  var JPEG_QUALITY = 0.92;
  async function takePhoto(dialog) {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: "environment", width: { ideal: 1280 } }
    });
    const video = dialog.querySelector("video");
    video.srcObject = stream;
    try {
      const wanted = answer(dialog);
      dialog.showModal();
      await video.play();
      return await wanted ? await frame(video) : null;
    } finally {
      stream.getTracks().forEach((track) => track.stop());
      video.srcObject = null;
      if (dialog.open) dialog.close();
    }
  }
  function answer(dialog) {
    return new Promise((resolve) => {
      const done = new AbortController();
      const on = (target, kind, wanted) => target.addEventListener(kind, () => {
        done.abort();
        resolve(wanted);
      }, { signal: done.signal });
      on(dialog.querySelector("[data-xs-take-photo]"), "click", true);
      on(dialog.querySelector("[data-xs-cancel-photo]"), "click", false);
      on(dialog, "close", false);
    });
  }
  function frame(video) {
    const canvas = Object.assign(document.createElement("canvas"), {
      width: video.videoWidth,
      height: video.videoHeight
    });
    canvas.getContext("2d").drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  }

  // tools/widget_scripts/photo.js
  var LONGEST_SIDE = 1024;
  var THUMBNAIL_SIDE = 72;
  var JPEG_QUALITY2 = 0.9;
  var Photos = class {
    constructor(bar) {
      this.bar = bar;
      this.items = [];
      this.chips = bar.form.querySelector("[data-xs-chips]");
      this.picker = bar.form.elements.image;
    }
    start() {
      const button = this.bar.form.querySelector("[data-xs-photo]");
      button.hidden = false;
      button.addEventListener("click", () => this.picker.click());
      this.picker.addEventListener("change", () => this.picked(this.picker));
      this.bar.form.addEventListener("xsearch:photos", (event) => {
        this.clear();
        this.bar.addPhotos(event.detail);
      });
      const camera = this.bar.form.querySelector("[data-xs-camera]");
      camera.hidden = false;
      camera.addEventListener("click", () => this.openCamera());
    }
    picked(input) {
      const files = [...input.files];
      input.value = "";
      if (files.length) this.bar.addPhotos(files);
    }
    async openCamera() {
      const isPhone = matchMedia("(pointer: coarse)").matches;
      if (isPhone || !navigator.mediaDevices?.getUserMedia) return this.openPhoneCamera();
      try {
        const blob = await takePhoto(this.bar.form.querySelector("[data-xs-dialog]"));
        if (blob) await this.bar.addPhotos([blob]);
      } catch (error) {
        const denied = error.name === "NotAllowedError";
        this.bar.say(denied ? this.bar.texts.cameraDenied : this.bar.texts.cameraMissing, "error");
      }
    }
    openPhoneCamera() {
      const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" });
      input.setAttribute("capture", "environment");
      input.addEventListener("change", () => this.picked(input));
      input.click();
    }
    /* Takes files as further photos of the query and shows them; says why and returns false where it cannot take one. */
    async add(files, keys = []) {
      const { texts, config } = this.bar;
      let allTaken = true;
      for (const [number, file] of files.entries()) {
        try {
          if (this.items.length >= config.imagesMax) throw new Error("tooManyPhotos");
          const key = keys[number] ?? null;
          this.items.push({ ...await shrink(file, config.imageMaxBytes), key });
        } catch (error) {
          this.bar.say((texts[error.message] ?? texts.notAPhoto).replace("{count}", config.imagesMax), "error");
          allTaken = false;
        }
      }
      this.show();
      return allTaken;
    }
    clear() {
      this.items = [];
      this.show();
    }
    remove(item) {
      this.items = this.items.filter((other) => other !== item);
      this.show();
      this.bar.photoRemoved();
    }
    show() {
      this.chips.replaceChildren(...this.items.map((item, number) => this.chip(item, number)));
      this.bar.form.classList.toggle("xs-has-photo", this.items.length > 0);
      this.bar.form.classList.toggle("xs-has-photos", this.items.length > 1);
    }
    chip(item, number) {
      const which = (text) => this.items.length > 1 ? `${text} ${number + 1}` : text;
      const chip = document.createElement("span");
      chip.className = "xs-chip";
      const picture = item.thumbnail ?? document.createElement("span");
      picture.className = "xs-thumbnail";
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", which(this.bar.texts.photo));
      const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "\xD7" });
      remove.className = "xs-remove";
      remove.title = which(this.bar.texts.removePhoto);
      remove.setAttribute("aria-label", remove.title);
      remove.addEventListener("click", () => this.remove(item));
      chip.append(picture, remove);
      return chip;
    }
  };
  async function shrink(file, maxBytes) {
    const type = file.type || "";
    if (!type.startsWith("image/") || type.startsWith("image/svg")) throw new Error("notAPhoto");
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      if (file.size > maxBytes) throw new Error("photoTooLarge");
      return { blob: file, thumbnail: null };
    }
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = draw(bitmap, bitmap.width * scale, bitmap.height * scale);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY2));
    if (!blob) throw new Error("notAPhoto");
    return { blob, thumbnail: square(bitmap) };
  }
  function draw(bitmap, width, height) {
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.max(1, Math.round(width)),
      height: Math.max(1, Math.round(height))
    });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  function square(bitmap) {
    const side = Math.min(bitmap.width, bitmap.height);
    const canvas = Object.assign(document.createElement("canvas"), { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE });
    const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
    canvas.getContext("2d").drawImage(bitmap, left, top, side, side, 0, 0, THUMBNAIL_SIDE, THUMBNAIL_SIDE);
    return canvas;
  }

  // tools/widget_scripts/state.js
  var PREFIX = "xsearch.photo.";
  var HANDOVER = "xsearch.handover";
  var PHOTOS_KEPT = 8;
  var inMemory = /* @__PURE__ */ new Map();
  function filtersIn(params, names) {
    const filters = {};
    for (const name of names) {
      const values = params.getAll(name).filter((value) => value !== "");
      if (values.length) filters[name] = values;
    }
    return filters;
  }
  var WORDING = ["literal", "understand", "drop", "soft", "strict", "personal", "sort"];
  function wordingOf(address) {
    return [...new URL(address).searchParams].filter(([name]) => WORDING.includes(name));
  }
  function isSpoken(address) {
    return new URL(address).searchParams.has("spoken");
  }
  function addressOf(action, text, filters, wording = []) {
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
  async function keepPhotos(photos) {
    const keys = [];
    for (const photo of photos) keys.push(await keepPhoto(photo));
    return keys;
  }
  async function keptPhotos(keys) {
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
  function handOver(keys) {
    try {
      sessionStorage.setItem(HANDOVER, JSON.stringify(keys));
    } catch {
    }
  }
  function takeOver() {
    const keys = read(HANDOVER);
    forget();
    return keys ? JSON.parse(keys) : null;
  }
  function forget() {
    try {
      sessionStorage.removeItem(HANDOVER);
    } catch {
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

  // tools/widget_scripts/suggestion_list.js
  function groupsOf(found, texts) {
    const groups = [
      { name: "texts", title: texts.suggestionTexts, items: (found.suggestions ?? []).map((text) => ({ text })) },
      { name: "popular", title: texts.popularQueries, items: (found.popular ?? []).map((text) => ({ text })) },
      { name: "categories", title: texts.categories, items: (found.categories ?? []).map(categoryOf) },
      { name: "products", title: texts.products, items: (found.products ?? []).map(productOf) }
    ];
    return groups.filter((group) => group.items.length);
  }
  function categoryOf(category) {
    return { filters: { [category.filter]: [category.value] }, label: category.label, category };
  }
  function productOf(product) {
    return product.url ? { url: product.url, product } : { text: product.title, product };
  }
  function listOf(groups, corrected, typed, bar, id) {
    const elements = groups.map((group) => groupElement(group, typed, bar, `${id}-${group.name}`));
    if (corrected) elements.unshift(note(bar.texts.suggestionsFor.replace("{text}", corrected)));
    return elements;
  }
  function groupElement(group, typed, bar, id) {
    const element = make("div", `xs-group xs-group-${group.name}`);
    element.setAttribute("role", "group");
    element.setAttribute("aria-labelledby", id);
    const title = make("div", group.name === "texts" ? "xs-visually-hidden" : "xs-group-title", group.title);
    title.id = id;
    title.setAttribute("role", "presentation");
    element.append(title, ...group.items.map((item, number) => optionElement(item, typed, bar, `${id}-${number}`)));
    return element;
  }
  function optionElement(item, typed, bar, id) {
    const option = make("div", "xs-suggestion");
    option.id = id;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.xsItem = item;
    if (item.product) option.append(...productParts(item.product, bar));
    else if (item.category) option.append(...categoryParts(item.category));
    else option.append(...textParts(item.text, typed.trim()));
    return option;
  }
  function textParts(text, typed) {
    if (!text.toLowerCase().startsWith(typed.toLowerCase())) return [make("span", "", text)];
    const whole = make("span", "");
    whole.append(text.slice(0, typed.length), make("b", "", text.slice(typed.length)));
    return [whole];
  }
  function categoryParts(category) {
    const count = make("span", "xs-count", String(category.count));
    return [make("span", "xs-suggestion-label", category.label), make("span", "xs-suggestion-kind", category.filter_label), count];
  }
  function productParts(product, bar) {
    const photo = make("span", "xs-suggestion-photo");
    if (product.image) photo.append(Object.assign(make("img"), { src: product.image, alt: "", decoding: "async" }));
    const title = make("span", "xs-suggestion-label", product.title);
    const price = priceText(product, bar);
    return [photo, title, ...price ? [make("span", "xs-suggestion-price", price)] : []];
  }
  function priceText({ price, price_text: written }, bar) {
    if (written || typeof price !== "number") return written;
    return price.toLocaleString(bar.config.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  function note(text) {
    const element = make("div", "xs-suggestions-note", text);
    element.setAttribute("role", "presentation");
    return element;
  }
  function make(tag, className = "", text = "") {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  // tools/widget_scripts/suggestions.js
  var PAUSE_MS = 120;
  var TEXTS = 6;
  var KNOWN = 100;
  var Suggestions = class {
    constructor(bar) {
      this.bar = bar;
      this.list = bar.form.querySelector('[role="listbox"]');
      this.known = /* @__PURE__ */ new Map();
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
        const found = this.known.get(text) ?? await this.fetch(text);
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
      if (event.isComposing) return;
      if (event.key === "Enter") return this.enter(event);
      if (this.list.hidden) return;
      const last = this.options.length - 1;
      const moves = {
        ArrowDown: () => this.move(this.active < last ? this.active + 1 : -1),
        ArrowUp: () => this.move(this.active < 0 ? last : this.active - 1),
        Escape: () => this.giveUp(),
        /* Without an option they belong to the text. */
        Home: this.active >= 0 && (() => this.move(0)),
        End: this.active >= 0 && (() => this.move(last))
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
      if (item && item.text === void 0) {
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
      if (item.filters) this.bar.filters = { ...this.bar.config.fixed ? this.bar.base : {}, ...item.filters };
      return this.bar.search({ push: true });
    }
  };

  // tools/widget_scripts/recorder.js
  var TICK_MS = 50;
  var SILENCE_MS = 1300;
  var NOTHING_HINT_MS = 3500;
  var NOTHING_STOP_MS = 8e3;
  var SPEECH_TICKS = 3;
  var QUIET_LEVEL = 0.012;
  var TYPES = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4", "audio/ogg;codecs=opus"];
  function canRecord() {
    return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
  }
  var Recorder = class {
    constructor({ maxSeconds, onLevel, onNothing }) {
      this.maxMs = maxSeconds * 1e3;
      this.onLevel = onLevel;
      this.onNothing = onNothing;
      this.heard = false;
      this.cancelled = false;
    }
    /* Asks for the microphone; rejects with the browser's reason when there is none to use. */
    async open() {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true }
      });
      if (this.cancelled) this.release();
    }
    /* Resolves to the recording, or to null when it was cancelled. */
    record() {
      if (this.cancelled) return null;
      const type = TYPES.find((name) => MediaRecorder.isTypeSupported(name));
      this.recorder = new MediaRecorder(this.stream, type ? { mimeType: type } : {});
      const parts = [];
      this.recorder.ondataavailable = (event) => parts.push(event.data);
      const done = new Promise((resolve) => {
        this.recorder.onstop = () => {
          this.release();
          resolve(this.cancelled ? null : new Blob(parts, { type: this.recorder.mimeType }));
        };
      });
      this.recorder.start();
      this.watch();
      return done;
    }
    stop() {
      if (this.recorder?.state === "recording") this.recorder.stop();
    }
    cancel() {
      this.cancelled = true;
      if (this.recorder) this.stop();
      else this.release();
    }
    release() {
      clearInterval(this.timer);
      this.context?.close().catch(() => {
      });
      this.stream?.getTracks().forEach((track) => track.stop());
    }
    watch() {
      const AudioContextClass = window.AudioContext ?? window.webkitAudioContext;
      if (!AudioContextClass) this.heard = true;
      else {
        this.context = new AudioContextClass();
        this.analyser = this.context.createAnalyser();
        this.analyser.fftSize = 2048;
        this.context.createMediaStreamSource(this.stream).connect(this.analyser);
        this.samples = new Float32Array(this.analyser.fftSize);
      }
      this.startedAt = this.loudAt = performance.now();
      this.floor = QUIET_LEVEL;
      this.loudTicks = 0;
      this.timer = setInterval(() => this.tick(), TICK_MS);
    }
    tick() {
      const now = performance.now();
      if (now - this.startedAt > this.maxMs) return this.stop();
      if (!this.analyser) return void 0;
      const level = this.level();
      this.onLevel(level);
      this.listen(level, now);
      if (this.heard) return now - this.loudAt > SILENCE_MS ? this.stop() : void 0;
      const waited = now - this.startedAt;
      if (waited > NOTHING_STOP_MS) return this.stop();
      if (waited > NOTHING_HINT_MS) this.onNothing();
      return void 0;
    }
    /* Speech is what stands out from the noise of the room for a few ticks. */
    listen(level, now) {
      if (level > Math.max(QUIET_LEVEL, this.floor * 2.5)) {
        this.loudTicks += 1;
        this.loudAt = now;
        if (this.loudTicks >= SPEECH_TICKS) this.heard = true;
      } else {
        this.loudTicks = 0;
        this.floor = 0.95 * this.floor + 0.05 * level;
      }
    }
    level() {
      this.analyser.getFloatTimeDomainData(this.samples);
      return Math.sqrt(this.samples.reduce((sum, value) => sum + value * value, 0) / this.samples.length);
    }
  };

  // tools/widget_scripts/voice.js
  var OFFERED = 3;
  var Voice = class {
    constructor(bar) {
      this.bar = bar;
      this.button = bar.form.querySelector("[data-xs-microphone]");
      this.panel = bar.form.querySelector("[data-xs-listening]");
      this.text = bar.form.querySelector("[data-xs-listening-text]");
      this.meter = bar.form.querySelector(".xs-meter");
      this.below = bar.form.querySelector("[data-xs-heard]");
      this.recorder = null;
      this.heard = [];
    }
    start() {
      if (!this.bar.config.transcribe) return;
      this.button.hidden = false;
      this.button.addEventListener("click", () => this.toggle());
      this.bar.form.querySelector("[data-xs-stop]").addEventListener("click", () => this.recorder?.stop());
      this.bar.form.querySelector("[data-xs-cancel]").addEventListener("click", () => this.recorder?.cancel());
      this.bar.form.addEventListener("keydown", (event) => event.key === "Escape" && this.recorder?.cancel());
      this.bar.input.addEventListener("input", () => this.clear());
    }
    toggle() {
      if (this.recorder) return this.recorder.stop();
      if (!canRecord()) return this.fail("microphoneUnsupported");
      return this.speak();
    }
    async speak() {
      this.clear();
      this.bar.say("");
      this.recorder = new Recorder({
        maxSeconds: this.bar.config.speechMaxSeconds,
        onLevel: (level) => this.meter.style.setProperty("--level", Math.min(1, level * 8).toFixed(2)),
        onNothing: () => this.show("hearingNothing")
      });
      try {
        this.show("asking");
        await this.recorder.open();
        this.show("listening");
        await this.understand(await this.recorder.record(), this.recorder.heard);
      } catch (error) {
        this.explain(error);
      } finally {
        this.recorder = null;
        this.hide();
      }
    }
    explain(error) {
      if (error.name === "NotAllowedError" || error.name === "SecurityError") return this.fail("microphoneDenied");
      if (error.name === "NotFoundError" || error.name === "NotReadableError") return this.fail("microphoneMissing");
      return this.bar.say(error.detail ?? this.bar.texts.failed, "error");
    }
    async understand(recording, heard) {
      if (!recording) return;
      if (!heard) return this.fail("hearingNothing");
      this.show("transcribing");
      const body = new FormData();
      body.set("audio", recording, "speech");
      body.set("lang", this.bar.config.language);
      body.set("model", this.bar.config.model);
      const response = await fetch(this.bar.config.transcribe, { method: "POST", body });
      const answer2 = await response.json();
      if (!response.ok) throw answer2;
      if (answer2.transcript) return this.trust(answer2);
      return this.notUnderstood(answer2.degraded, recording);
    }
    /* What was heard stands in the field, where it can be corrected; a doubtful text waits for Enter. */
    trust({ transcript, confidence, alternatives, is_sure: isSure }) {
      this.bar.input.value = transcript;
      this.bar.wording = [];
      this.chip(this.bar.texts.heard.replace("{text}", transcript), this.bar.texts.removeHeard, () => {
        this.bar.input.value = "";
        this.bar.input.focus();
      });
      this.hear(transcript, confidence, alternatives);
      this.offer(alternatives.slice(0, OFFERED));
      if (isSure) return this.bar.search({ push: true });
      this.bar.say(this.bar.texts.unsure, "quiet");
      return this.bar.input.select();
    }
    hear(text, confidence = 1, alternatives = []) {
      this.heard = [{ text, confidence }, ...alternatives];
    }
    /* The search looks for all of it, and the server keeps none of it, as long as the field holds what was heard. */
    stillStands() {
      return this.heard.length > 0 && this.heard[0].text === this.bar.input.value.trim();
    }
    offer(alternatives) {
      if (!alternatives.length) return;
      const group = Object.assign(document.createElement("div"), { className: "xs-did-you-say" });
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", this.bar.texts.didYouSay);
      const label = Object.assign(document.createElement("span"), { textContent: this.bar.texts.didYouSay });
      group.append(label, ...alternatives.map(({ text }) => this.offered(text)));
      this.below.append(group);
    }
    offered(text) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "xs-link", textContent: text });
      button.addEventListener("click", () => {
        this.clear();
        this.bar.say("");
        this.bar.input.value = text;
        this.hear(text);
        this.bar.search({ push: true });
      });
      return button;
    }
    notUnderstood(degraded, recording) {
      if (degraded.some((code) => code.startsWith("speech:"))) this.fail("speechLanguage");
      else this.fail(degraded.includes("speech") ? "speechUnavailable" : "notUnderstood");
      if (this.bar.config.sounds && this.bar.results) this.offerSound(recording);
    }
    offerSound(recording) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "xs-link" });
      button.textContent = this.bar.texts.soundSearch;
      button.addEventListener("click", () => {
        this.bar.sound = recording;
        this.bar.say("");
        this.chip(this.bar.texts.sound, this.bar.texts.removeSound, () => this.bar.search({ push: false }));
        this.bar.search({ push: true });
      });
      this.bar.message.append(" ", button);
    }
    chip(text, removeLabel, onRemove) {
      const chip = document.createElement("span");
      chip.className = "xs-chip xs-heard";
      const label = Object.assign(document.createElement("span"), { textContent: text });
      const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "\xD7" });
      remove.className = "xs-remove";
      remove.setAttribute("aria-label", removeLabel);
      remove.addEventListener("click", () => {
        this.clear();
        onRemove();
      });
      chip.append(label, remove);
      this.below.replaceChildren(chip);
    }
    clear() {
      this.bar.sound = null;
      this.heard = [];
      this.below.replaceChildren();
    }
    fail(name) {
      this.bar.say(this.bar.texts[name], "error");
    }
    show(name) {
      this.panel.hidden = false;
      this.panel.dataset.state = name;
      if (this.text.textContent !== this.bar.texts[name]) this.text.textContent = this.bar.texts[name];
      this.button.setAttribute("aria-pressed", "true");
    }
    hide() {
      this.panel.hidden = true;
      this.button.setAttribute("aria-pressed", "false");
    }
  };

  // tools/widget_scripts/bar.js
  var Bar = class {
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
      this.wording = [];
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
        retry: () => this.search({ push: false })
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
      return [...this.wording, ...this.voice.stillStands() ? [["spoken", "1"]] : []];
    }
    address() {
      const order = this.wording.filter(([name]) => name === "sort");
      return addressOf(this.action, this.input.value, this.filters, this.isEmpty() ? order : this.marks());
    }
    refine(address) {
      this.filters = { ...this.config.fixed ? this.base : {}, ...this.filtersOf(address) };
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
      this.filters = { ...this.config.fixed ? this.base : {}, ...this.filtersOf(location.href) };
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
  };

  // tools/widget_scripts/consent.js
  function watchConsent() {
    for (const section of document.querySelectorAll("[data-xs-consent]")) {
      section.addEventListener("submit", async (event) => {
        event.preventDefault();
        const form = event.target;
        try {
          const answer2 = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Xsearch": "choice" } });
          if (!answer2.ok) throw new Error(String(answer2.status));
          section.remove();
        } catch {
          form.submit();
        }
      });
    }
  }

  // tools/widget_scripts/events.js
  var FROM_SEARCH = "xsearch.opened";
  function watchEvents() {
    document.addEventListener("click", report, true);
    document.addEventListener("auxclick", report, true);
    for (const viewed of document.querySelectorAll("[data-xs-viewed]")) {
      send(viewed.dataset.xsEvents, {
        query_id: searchThatLedTo(viewed.dataset.xsViewed) ?? anyId(),
        object_id: viewed.dataset.xsViewed,
        model: viewed.dataset.model,
        event: viewed.dataset.event
      });
    }
  }
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
      event: kind
    });
  }
  function send(address, body) {
    navigator.sendBeacon?.(address, new Blob([JSON.stringify(body)], { type: "application/json" }));
  }
  function remember(objectId, queryId) {
    try {
      sessionStorage.setItem(FROM_SEARCH, JSON.stringify([objectId, queryId]));
    } catch {
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
    return crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) => (digit ^ crypto.getRandomValues(new Uint8Array(1))[0] & 15 >> digit / 4).toString(16));
  }

  // tools/widget_scripts/results.js
  var Results = class {
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
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return void 0;
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
      const mine = this.counting = new AbortController();
      body.set("exact", "true");
      body.set("again", "true");
      try {
        const response = await this.ask(address, body, mine.signal);
        if (response.ok) this.recount(await contentOf(response));
      } catch {
      }
    }
    recount(content) {
      const hits = (part) => part.querySelectorAll("[data-xs-hit]").length;
      this.live.textContent = content.dataset.summary;
      if (hits(content) > hits(this.place)) return this.exchange(content);
      Object.assign(this.place.querySelector("[data-xs-content]").dataset, {
        total: content.dataset.total,
        summary: content.dataset.summary
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
      const mine = this.running = new AbortController();
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
      facets?.addEventListener("toggle", () => {
        this.facetsWereOpen = facets.open;
      });
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
  };
  async function contentOf(response) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return document.adoptNode(page.querySelector("[data-xs-content]"));
  }
  function labelOf(link) {
    const wish = link.closest("[data-xs-wish]")?.dataset.xsWish;
    return wish ? `${wish} ${link.className}` : link.querySelector(".xs-option-label")?.textContent ?? link.href ?? link.name ?? "";
  }

  // tools/widget_scripts/xsearch.js
  function start() {
    const place = document.querySelector("[data-xsearch-results]");
    const results = place ? new Results(place) : null;
    const bars = [...document.querySelectorAll("form[data-xsearch-bar]")];
    bars.map((form) => new Bar(form, results)).forEach((bar, number) => bar.start(number === 0));
    watchEvents();
    watchConsent();
  }
  if (!document.documentElement.hasAttribute("data-xsearch")) {
    document.documentElement.setAttribute("data-xsearch", "");
    start();
  }
})();
