/* The shop's own touches: photos that are searched with at a click or a drag, and the gallery. */

const SAMPLE = "application/x-shop-photo";

async function searchWith(address, link) {
  const bar = document.querySelector("form[data-xsearch-bar]");
  if (!bar) return location.assign(link.href);
  link.classList.add("is-busy");
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(String(response.status));
    const photo = await response.blob();
    bar.dispatchEvent(new CustomEvent("xsearch:photos", { detail: [photo] }));
    scrollTo({ top: 0 });
  } catch {
    location.assign(link.href);
  } finally {
    link.classList.remove("is-busy");
  }
  return undefined;
}

function offerPhotos() {
  for (const link of document.querySelectorAll("[data-try-photo]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      searchWith(link.dataset.tryPhoto, link);
    });
    link.addEventListener("dragstart", (event) => event.dataTransfer.setData(SAMPLE, link.dataset.tryPhoto));
  }
}

/* Browsers that drag a picture as a file are served by the search bar itself; this is for the others. */
function acceptDrags() {
  const isOurs = (event) => event.dataTransfer.types.includes(SAMPLE) && !event.dataTransfer.types.includes("Files");
  for (const bar of document.querySelectorAll("form[data-xsearch-bar]")) {
    bar.addEventListener("dragover", (event) => isOurs(event) && event.preventDefault());
    bar.addEventListener("drop", (event) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      const address = event.dataTransfer.getData(SAMPLE);
      const link = [...document.querySelectorAll("[data-try-photo]")].find((item) => item.dataset.tryPhoto === address);
      if (link) searchWith(address, link);
    });
  }
}

function openGallery() {
  const main = document.querySelector("[data-gallery-main]");
  const picks = [...document.querySelectorAll("[data-gallery-pick]")];
  for (const pick of picks) {
    pick.addEventListener("click", (event) => {
      event.preventDefault();
      main.src = pick.href;
      picks.forEach((other) => other.toggleAttribute("aria-current", other === pick));
      pick.setAttribute("aria-current", "true");
    });
  }
}

offerPhotos();
acceptDrags();
openGallery();
