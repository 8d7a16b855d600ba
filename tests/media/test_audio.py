"""Recordings: what browsers send is decoded; every bad one gets the error of the contract."""

import contextlib
import io
import sys

import av
import numpy as np
import pytest
from PIL import Image

from xsearch.media import (
    AudioUnavailable,
    MediaTooLarge,
    MediaUnreadable,
    MediaUnsupported,
    Waveform,
    denoise,
    load_audio,
    trim_silence,
)

RATE_HZ = 48_000
CODINGS = {
    "webm": ("webm", "libopus"),
    "mp4": ("mp4", "aac"),
    "ogg-opus": ("ogg", "libopus"),
    "ogg-vorbis": ("ogg", "vorbis"),
    "wav": ("wav", "pcm_s16le"),
    "wav-float": ("wav", "pcm_f32le"),
    "mp3": ("mp3", "libmp3lame"),
    "flac": ("flac", "flac"),
    "aac": ("adts", "aac"),
}


class Unseekable(io.BytesIO):
    """A sink like a browser's recorder: nothing written earlier can be corrected, so no duration."""

    def seekable(self):
        return False

    def seek(self, *args):
        raise io.UnsupportedOperation("seek")


def tone(seconds, hertz=440.0, level=0.5, rate_hz=16_000):
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def recorded(samples, coding="webm", rate_hz=RATE_HZ, sink=None, options=None, layout="mono"):
    """Encode float samples, shape (n,), with PyAV's own encoders."""
    form, codec = CODINGS[coding]
    layout = "stereo" if codec == "vorbis" else layout  # all that FFmpeg's own encoder can do
    sink = io.BytesIO() if sink is None else sink
    with av.open(sink, "w", format=form, options=options or {}) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout=layout)
        stream.codec_context.options = {"strict": "experimental"}
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(stream.codec_context.format, layout, rate_hz)
        for ready in [*resampler.resample(frame), *resampler.resample(None), None]:
            container.mux(stream.encode(ready))
    return sink.getvalue()


def loudest_hertz(waveform):
    spectrum = np.abs(np.fft.rfft(waveform.samples * np.hanning(len(waveform.samples))))
    return spectrum.argmax() * waveform.rate_hz / len(waveform.samples)


@pytest.mark.parametrize("coding", CODINGS)
def test_every_allowed_format_becomes_16_khz_mono(coding):
    waveform = load_audio(recorded(tone(1.0, rate_hz=RATE_HZ), coding))
    assert waveform.rate_hz == 16_000
    assert waveform.samples.dtype == np.float32
    assert waveform.samples.ndim == 1
    assert waveform.duration_s == pytest.approx(1.0, abs=0.1)
    assert loudest_hertz(waveform) == pytest.approx(440, abs=3)
    middle = waveform.samples[4_000:12_000]  # coders ring where a tone starts and stops
    assert np.sqrt(2 * (middle**2).mean()) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 96_000])
def test_other_rates_are_resampled(rate_hz):
    waveform = load_audio(recorded(tone(0.5, rate_hz=rate_hz), "wav", rate_hz))
    assert waveform.duration_s == pytest.approx(0.5, abs=0.01)
    assert loudest_hertz(waveform) == pytest.approx(440, abs=5)


def test_stereo_is_mixed_down():
    waveform = load_audio(recorded(tone(0.5, rate_hz=RATE_HZ), "wav", layout="stereo"))
    assert waveform.duration_s == pytest.approx(0.5, abs=0.01)
    assert loudest_hertz(waveform) == pytest.approx(440, abs=5)


def test_webm_as_browsers_stream_it_has_no_duration_and_is_read():
    content = recorded(tone(1.0, rate_hz=RATE_HZ), sink=Unseekable(), options={"live": "1"})
    with av.open(io.BytesIO(content)) as container:
        assert container.duration is None
    assert load_audio(content).duration_s == pytest.approx(1.0, abs=0.1)


def test_mp4_as_safari_streams_it_is_read():
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "200000"}
    content = recorded(tone(1.0, rate_hz=RATE_HZ), "mp4", options=options)
    assert load_audio(content).duration_s == pytest.approx(1.0, abs=0.1)
    assert load_audio(content[: len(content) * 3 // 4]).duration_s > 0.3


@pytest.mark.parametrize("coding", ["webm", "wav", "mp3", "aac"])
def test_of_a_recording_that_breaks_off_the_rest_is_used(coding):
    content = recorded(tone(2.0, rate_hz=RATE_HZ), coding)
    waveform = load_audio(content[: len(content) // 2])
    assert 0.5 < waveform.duration_s < 1.6
    assert loudest_hertz(waveform) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("coding", CODINGS)
def test_recordings_that_break_off_at_once_are_unreadable(coding):
    content = recorded(tone(1.0, rate_hz=RATE_HZ), coding)
    with pytest.raises(MediaUnreadable, match="damaged or too short") as caught:
        load_audio(content[:40])
    assert (caught.value.status, caught.value.code) == (422, "unreadable_media")


def test_an_mp4_without_its_index_is_unreadable():
    content = recorded(tone(1.0, rate_hz=RATE_HZ), "mp4")
    with pytest.raises(MediaUnreadable):
        load_audio(content[: content.rindex(b"moov") - 4])


def test_an_empty_recording_is_unreadable():
    with pytest.raises(MediaUnreadable, match="empty"):
        load_audio(b"")
    with pytest.raises(MediaUnreadable):
        load_audio(recorded(tone(0.1), "wav").partition(b"data")[0] + b"data\0\0\0\0")


def test_a_silent_recording_is_read():
    waveform = load_audio(recorded(np.zeros(RATE_HZ, np.float32)))
    assert waveform.duration_s == pytest.approx(1.0, abs=0.1)
    assert np.abs(waveform.samples).max() < 0.001
    assert trim_silence(waveform).duration_s == 0


def png():
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    return buffer.getvalue()


def jpeg():
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "JPEG")
    return buffer.getvalue()


def video_without_sound(form="webm", codec="libvpx"):
    sink = io.BytesIO()
    with av.open(sink, "w", format=form) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        for ready in [frame.reformat(format="yuv420p"), None]:
            container.mux(stream.encode(ready))
    return sink.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"just some text, " * 100,
        b"PK\x03\x04" + b"\0" * 500,
        png(),
        jpeg(),
        "Text in UTF-16, like Windows writes it. ".encode("utf-16") * 30,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["text", "zip", "png", "jpeg", "utf-16", "playlist", "concat", "svg"],
)
def test_what_is_no_recording_is_refused_with_what_is_allowed(content):
    with pytest.raises(MediaUnsupported, match="Allowed are WebM") as caught:
        load_audio(content)
    assert (caught.value.status, caught.value.code) == (415, "unsupported_media")


@pytest.mark.parametrize(("form", "codec"), [("webm", "libvpx"), ("mp4", "mpeg4")])
def test_a_video_without_sound_is_refused(form, codec):
    with pytest.raises(MediaUnsupported, match="no sound"):
        load_audio(video_without_sound(form, codec))


def test_an_hour_is_refused_without_being_decoded(monkeypatch):
    second = recorded(np.zeros(8_000, np.float32), "flac", 8_000)
    assert load_audio(second, max_seconds=2).duration_s == pytest.approx(1.0, abs=0.01)
    hour = recorded(np.zeros(8_000 * 3600, np.float32), "flac", 8_000)
    from xsearch.media import audio

    decoded = 0
    frames = audio._Frames.__iter__

    def counting(self):
        nonlocal decoded
        for frame in frames(self):
            decoded += frame.samples / frame.sample_rate
            yield frame

    monkeypatch.setattr(audio._Frames, "__iter__", counting)
    with pytest.raises(MediaUnreadable, match="longer than 30 seconds") as caught:
        load_audio(hour)
    assert caught.value.status == 422
    assert decoded < 35


def test_the_limit_of_seconds_can_be_set(settings):
    content = recorded(tone(1.0, rate_hz=RATE_HZ), "wav")
    with pytest.raises(MediaUnreadable, match=r"longer than 0\.5 seconds"):
        load_audio(content, max_seconds=0.5)
    settings.XSEARCH = {"QUERY_AUDIO_MAX_SECONDS": 0.5}
    with pytest.raises(MediaUnreadable, match=r"longer than 0\.5 seconds"):
        load_audio(content)


def test_too_many_bytes_are_refused(settings):
    content = recorded(tone(1.0, rate_hz=RATE_HZ), "wav")
    with pytest.raises(MediaTooLarge) as caught:
        load_audio(content, max_bytes=len(content) - 1)
    assert caught.value.status == 413
    settings.XSEARCH = {"AUDIO_MAX_BYTES": 1000}
    with pytest.raises(MediaTooLarge):
        load_audio(io.BytesIO(content))


def test_absurd_sample_rates_are_refused():
    content = bytearray(recorded(tone(1.0), "wav", 16_000))
    at = content.index(b"fmt ") + 12
    content[at : at + 4] = (1).to_bytes(4, "little")
    with pytest.raises(MediaUnreadable):
        load_audio(bytes(content))


def test_samples_beyond_full_scale_and_not_a_number_are_tamed():
    samples = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0] * 4_000, dtype=np.float32)
    waveform = load_audio(recorded(samples, "wav-float", 16_000))
    assert np.isfinite(waveform.samples).all()
    assert np.abs(waveform.samples).max() <= 1


def test_damage_raises_nothing_but_media_errors_and_stays_quiet(capfd):
    random = np.random.default_rng(2)
    for coding in CODINGS:
        original = np.frombuffer(recorded(tone(0.5, rate_hz=RATE_HZ), coding), np.uint8)
        for _ in range(15):
            content = original.copy()
            content[random.integers(0, len(content), 8)] = random.integers(0, 255, 8)
            with contextlib.suppress(MediaUnreadable, MediaUnsupported):
                assert load_audio(content.tobytes()).rate_hz == 16_000
    assert capfd.readouterr() == ("", "")


def test_without_pyav_the_error_carries_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioUnavailable, match=r"pip install 'django-xsearch\[voice\]'"):
        load_audio(b"RIFF")


def test_silence_around_a_sound_is_trimmed_to_a_margin():
    pause = np.zeros(16_000, np.float32)
    trimmed = trim_silence(Waveform(np.concatenate([pause, tone(0.5), pause, tone(0.5), pause])))
    assert trimmed.duration_s == pytest.approx(0.5 + 1 + 0.5 + 2 * 0.2, abs=0.05)


def test_steady_sounds_are_not_trimmed_away():
    hiss = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    for samples in (tone(1.0), hiss):
        assert trim_silence(Waveform(samples)).duration_s == pytest.approx(1.0, abs=0.02)


def test_speech_stands_out_of_room_noise_when_it_is_trimmed():
    noise = np.random.default_rng(0).normal(0, 0.005, 48_000).astype(np.float32)
    noise[16_000:32_000] += tone(1.0)
    assert trim_silence(Waveform(noise)).duration_s == pytest.approx(1.4, abs=0.1)


def test_trimming_nothing_gives_nothing():
    assert trim_silence(Waveform(np.zeros(0, np.float32))).duration_s == 0
    assert trim_silence(Waveform(np.zeros(16_000, np.float32))).duration_s == 0


def test_noise_suppression_lowers_noise_and_keeps_the_length():
    noise = np.random.default_rng(0).normal(0, 0.05, 32_123).astype(np.float32)
    cleaned = denoise(Waveform(noise))
    assert cleaned.samples.shape == noise.shape
    assert cleaned.samples.dtype == np.float32
    assert cleaned.samples[16_000:].std() < 0.6 * noise[16_000:].std()


def test_noise_suppression_takes_16_khz_only():
    with pytest.raises(ValueError, match="16000"):
        denoise(Waveform(tone(0.1), rate_hz=8_000))
