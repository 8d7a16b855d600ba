/* A photo from the computer's camera, in a dialog with a live picture. */

const JPEG_QUALITY = 0.92;

/* Resolves to the photo, or to null when the customer cancels; rejects when there is no camera to use. */
export async function takePhoto(dialog) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 } },
  });
  const video = dialog.querySelector("video");
  video.srcObject = stream;
  try {
    const wanted = answer(dialog); /* the dialog may be closed before the picture is there */
    dialog.showModal();
    await video.play();
    return (await wanted) ? await frame(video) : null;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    if (dialog.open) dialog.close();
  }
}

function answer(dialog) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const on = (target, kind, wanted) =>
      target.addEventListener(kind, () => { done.abort(); resolve(wanted); }, { signal: done.signal });
    on(dialog.querySelector("[data-xs-take-photo]"), "click", true);
    on(dialog.querySelector("[data-xs-cancel-photo]"), "click", false);
    on(dialog, "close", false);
  });
}

function frame(video) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: video.videoWidth,
    height: video.videoHeight,
  });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}
