/* Photos that are pasted anywhere on the page, or dropped on the bar. */

export function watchPaste(bar) {
  document.addEventListener("paste", (event) => {
    const elsewhere = event.target.closest?.("input, textarea, [contenteditable]");
    if (elsewhere && !bar.form.contains(elsewhere)) return;
    const file = photoIn(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    bar.addPhoto(file);
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
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    bar.addPhoto(photoIn(event.dataTransfer) ?? file);
  });
}

function photoIn(transfer) {
  return [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? null;
}
