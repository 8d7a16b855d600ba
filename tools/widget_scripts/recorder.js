/* Records speech: stops by itself after the silence that follows it, or when there is none. */

const TICK_MS = 50;
const SILENCE_MS = 1300;
const NOTHING_HINT_MS = 3500;
const NOTHING_STOP_MS = 8000;
const SPEECH_TICKS = 3;
const QUIET_LEVEL = 0.012;
const TYPES = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4", "audio/ogg;codecs=opus"];

export function canRecord() {
  return Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);
}

export class Recorder {
  constructor({ maxSeconds, onLevel, onNothing }) {
    this.maxMs = maxSeconds * 1000;
    this.onLevel = onLevel;
    this.onNothing = onNothing;
    this.heard = false;
    this.cancelled = false;
  }

  /* Asks for the microphone; rejects with the browser's reason when there is none to use. */
  async open() {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
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
    this.context?.close().catch(() => {});
    this.stream?.getTracks().forEach((track) => track.stop());
  }

  watch() {
    const AudioContextClass = window.AudioContext ?? window.webkitAudioContext;
    if (!AudioContextClass) this.heard = true; /* no level to go by: whatever was recorded is sent */
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
    if (!this.analyser) return undefined;
    const level = this.level();
    this.onLevel(level);
    this.listen(level, now);
    if (this.heard) return now - this.loudAt > SILENCE_MS ? this.stop() : undefined;
    const waited = now - this.startedAt;
    if (waited > NOTHING_STOP_MS) return this.stop();
    if (waited > NOTHING_HINT_MS) this.onNothing();
    return undefined;
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
}
