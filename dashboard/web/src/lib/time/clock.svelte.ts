// What time the server has. Ages are differences to the server's clock: an officer's machine may be minutes off.

let offset = 0;
let now = $state(Date.now());
let timer: ReturnType<typeof setInterval> | undefined;

/** Takes the `Date` header of an answer. */
export function serverSays(date: string | null): void {
  const server = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(server)) return;
  // The header has whole seconds, cut off: half a second is the fairest guess.
  offset = server + 500 - Date.now();
}

/** Server time in ms, renewed every second while the clock runs. */
export const clock = {
  get now(): number {
    return now;
  },
  read: (): number => Date.now() + offset,
};

/** Starts the clock; call what it returns to stop it. */
export function startClock(): () => void {
  now = clock.read();
  timer ??= setInterval(() => (now = clock.read()), 1000);
  return () => {
    clearInterval(timer);
    timer = undefined;
  };
}
