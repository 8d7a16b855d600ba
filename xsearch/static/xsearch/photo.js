/* The photo of a query: chosen, taken, pasted or dropped; made small here, which also drops where it was taken. */

import { takePhoto } from "./camera.js";

const LONGEST_SIDE = 1024;
const THUMBNAIL_SIDE = 72;
const JPEG_QUALITY = 0.9;

export class Photo {
  constructor(bar) {
    this.bar = bar;
    this.blob = null;
    this.key = null;
    this.chips = bar.form.querySelector("[data-xs-chips]");
    this.picker = bar.form.elements.image;
  }

  start() {
    const button = this.bar.form.querySelector("[data-xs-photo]");
    button.hidden = false;
    button.addEventListener("click", () => this.picker.click());
    this.picker.addEventListener("change", () => this.picked(this.picker));
    const camera = this.bar.form.querySelector("[data-xs-camera]");
    camera.hidden = false;
    camera.addEventListener("click", () => this.openCamera());
  }

  picked(input) {
    const file = input.files[0];
    input.value = "";
    if (file) this.bar.addPhoto(file);
  }

  async openCamera() {
    const isPhone = matchMedia("(pointer: coarse)").matches;
    if (isPhone || !navigator.mediaDevices?.getUserMedia) return this.openPhoneCamera();
    try {
      const blob = await takePhoto(this.bar.form.querySelector("[data-xs-dialog]"));
      if (blob) await this.bar.addPhoto(blob);
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

  /* Takes a file as the photo of the query and shows it; says why and returns false where it cannot. */
  async set(file, key = null) {
    try {
      const { blob, thumbnail } = await shrink(file, this.bar.config.imageMaxBytes);
      this.blob = blob;
      this.key = key;
      this.show(thumbnail);
      return true;
    } catch (error) {
      this.bar.say(this.bar.texts[error.message] ?? this.bar.texts.notAPhoto, "error");
      return false;
    }
  }

  clear() {
    this.blob = this.key = null;
    this.chips.replaceChildren();
    this.bar.form.classList.remove("xs-has-photo");
  }

  show(thumbnail) {
    const chip = document.createElement("span");
    chip.className = "xs-chip";
    const picture = thumbnail ?? document.createElement("span");
    picture.className = "xs-thumbnail";
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", this.bar.texts.photo);
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    remove.className = "xs-remove";
    remove.title = this.bar.texts.removePhoto;
    remove.setAttribute("aria-label", this.bar.texts.removePhoto);
    remove.addEventListener("click", () => {
      this.clear();
      this.bar.photoRemoved();
    });
    chip.append(picture, remove);
    this.chips.replaceChildren(chip);
    this.bar.form.classList.add("xs-has-photo");
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
