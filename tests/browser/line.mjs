// A line between browser and platform that a test holds silent, cuts and mends: only the event stream, all else goes through.
import { once } from "node:events";
import { createServer, request } from "node:http";

export async function lineTo(platform) {
  const { hostname, port } = new URL(platform);
  const streams = new Set();
  /** What each stream was asked to go on after; undefined where it was to begin. */
  const asked = [];
  let whole = true;

  const server = createServer((question, answer) => {
    const live = question.url === "/api/v1/events";
    if (live && !whole) return question.socket.destroy();
    const onward = request({ hostname, port, method: question.method, path: question.url, headers: question.headers }, (said) => {
      answer.writeHead(said.statusCode, said.headers);
      answer.flushHeaders();
      said.pipe(answer);
      if (!live) return;
      asked.push(question.headers["last-event-id"]);
      const stream = { said, answer };
      streams.add(stream);
      answer.once("close", () => streams.delete(stream));
    });
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    question.pipe(onward);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    address: `http://127.0.0.1:${server.address().port}`,
    asked,
    /** It stands, and nothing comes over it. */
    hold: () => streams.forEach(({ said }) => said.unpipe()),
    /** What was held comes, and all after it. */
    resume: () => streams.forEach(({ said, answer }) => said.pipe(answer)),
    cut() {
      whole = false;
      streams.forEach(({ answer }) => answer.destroy());
    },
    mend: () => (whole = true),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
