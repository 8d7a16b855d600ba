/* The microphone button: asks, listens, has the recording understood, and shows it before it is trusted. */

import { canRecord, Recorder } from "./recorder.js";

const OFFERED = 3; /* alternatives */

export class Voice {
  constructor(bar) {
    this.bar = bar;
    this.button = bar.form.querySelector("[data-xs-microphone]");
    this.panel = bar.form.querySelector("[data-xs-listening]");
    this.text = bar.form.querySelector("[data-xs-listening-text]");
    this.meter = bar.form.querySelector(".xs-meter");
    this.below = bar.form.querySelector("[data-xs-heard]");
    this.recorder = null;
    this.heard = []; /* all that may have been said, the likeliest first */
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
      onNothing: () => this.show("hearingNothing"),
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
    const answer = await response.json();
    if (!response.ok) throw answer;
    if (answer.transcript) return this.trust(answer);
    return this.notUnderstood(answer.degraded, recording);
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
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
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
}
