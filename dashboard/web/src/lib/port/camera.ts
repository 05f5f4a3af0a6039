// Reading a seal's or a unit's code by the camera: with what the browser has for it where it has something (Chromium on Android does), and
// else with a reader of QR codes, which seals' labels are, that comes when it is needed.

/** What is read in the picture that the camera shows now. */
type Look = (video: HTMLVideoElement) => Promise<string | null>;

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: readonly string[] }) => Detector;

const FORMATS = ["qr_code", "code_128", "code_39", "data_matrix"] as const;
const LOOKS_MS = 200;

export const canScan = (): boolean => "mediaDevices" in navigator;

/** Shows the camera in `video` until something is read or `signal` ends it. */
export async function readCode(video: HTMLVideoElement, signal: AbortSignal): Promise<string | null> {
  const look = await bestLook();
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const code = (await look(video))?.trim() ?? "";
      if (code !== "") return code;
      await new Promise((later) => setTimeout(later, LOOKS_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

async function bestLook(): Promise<Look> {
  const { BarcodeDetector } = globalThis as { BarcodeDetector?: DetectorClass };
  if (BarcodeDetector === undefined) {
    const { lookForQr } = await import("./qr");
    return lookForQr();
  }
  const detector = new BarcodeDetector({ formats: FORMATS });
  return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
}
