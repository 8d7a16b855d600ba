/* Photos that are pasted anywhere on the page, or dropped on the bar. */

export function watchPaste(bar) {
  document.addEventListener("paste", (event) => {
    const elsewhere = event.target.closest?.("input, textarea, [contenteditable]");
    if (elsewhere && !bar.form.contains(elsewhere)) return;
    const files = photosIn(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    bar.addPhotos(files);
  });
}

export function watchDrops(bar) {
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
  return [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
