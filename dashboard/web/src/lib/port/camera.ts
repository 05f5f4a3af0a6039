// Reading a barcode by the camera, where the browser knows how (Chromium on Android does; others do not).

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: readonly string[] }) => Detector;

const FORMATS = ["qr_code", "code_128", "code_39", "data_matrix"] as const;
const LOOKS_MS = 200;

const detectorClass = (): DetectorClass | undefined => (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;

export const canScan = (): boolean => detectorClass() !== undefined && "mediaDevices" in navigator;

/** Shows the camera in `video` until something is read or `signal` ends it. */
export async function readCode(video: HTMLVideoElement, signal: AbortSignal): Promise<string | null> {
  const Detector = detectorClass();
  if (Detector === undefined) return null;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    const detector = new Detector({ formats: FORMATS });
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const [code] = await detector.detect(video);
      if (code !== undefined && code.rawValue.trim() !== "") return code.rawValue;
      await new Promise((later) => setTimeout(later, LOOKS_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}
