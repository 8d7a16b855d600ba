/* The photos of a query: chosen, taken, pasted or dropped; made small here, which also drops where they were taken. */

import { takePhoto } from "./camera.js";

const LONGEST_SIDE = 1024;
const THUMBNAIL_SIDE = 72;
const JPEG_QUALITY = 0.9;

export class Photos {
  constructor(bar) {
    this.bar = bar;
    this.items = []; /* {blob, thumbnail, key}: the key is where state.js keeps it */
    this.chips = bar.form.querySelector("[data-xs-chips]");
    this.picker = bar.form.elements.image;
  }

  start() {
    const button = this.bar.form.querySelector("[data-xs-photo]");
    button.hidden = false;
    button.addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.picked(this.picker));
    /* For the shop's own pages: its photos, in event.detail, take the place of those that are there. */
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
        this.items.push({ ...(await shrink(file, config.imageMaxBytes)), key });
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
    const which = (text) => (this.items.length > 1 ? `${text} ${number + 1}` : text);
    const chip = document.createElement("span");
    chip.className = "xs-chip";
    const picture = item.thumbnail ?? document.createElement("span");
    picture.className = "xs-thumbnail";
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", which(this.bar.texts.photo));
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.className = "xs-remove";
    remove.title = which(this.bar.texts.removePhoto);
    remove.setAttribute("aria-label", remove.title);
    remove.addEventListener("click", () => this.remove(item));
    chip.append(picture, remove);
    return chip;
  }
}

async function shrink(file, maxBytes) {
  const type = file.type || "";
  if (!type.startsWith("image/") || type.startsWith("image/svg")) throw new Error("notAPhoto");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    /* A kind that this browser cannot show, such as TIFF or HEIC: the server may know it. */
    if (file.size > maxBytes) throw new Error("photoTooLarge");
    return { blob: file, thumbnail: null };
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = draw(bitmap, bitmap.width * scale, bitmap.height * scale);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  if (!blob) throw new Error("notAPhoto");
  return { blob, thumbnail: square(bitmap) };
}

function draw(bitmap, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.max(1, Math.round(width)),
    height: Math.max(1, Math.round(height)),
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
