import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A server that takes line protocol as InfluxDB does, and says no when told to. */
export interface StrictInflux {
  readonly url: string;
  /** The requests, as they came. */
  readonly requests: {
    readonly path: string;
    readonly token: string | undefined;
    readonly lines: readonly string[];
  }[];
  /** What is kept: by series and time, as InfluxDB does. */
  readonly points: ReadonlyMap<string, string>;
  /** Decides the status of a line's request; the first that is no 204 counts. */
  refuse: (line: string) => number;
  /** Answers nothing more. */
  isSilent: boolean;
  close(): Promise<void>;
}

// measurement[,tags] fields timestamp, where a space that is not escaped or in quotes separates.
const syntax = /^((?:\\.|[^\s\\])+) ((?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+) (-?\d+)$/s;

/** Starts the server on a free port. */
export async function startStrictInflux(): Promise<StrictInflux> {
  const points = new Map<string, string>();
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const lines = body.split(/\n(?=m|com)/);
      const { url: path = '', headers } = request;
      self.requests.push({ path, token: headers.authorization, lines });
      if (self.isSilent) return;
      const statuses = lines.map((line) => (syntax.test(line) ? self.refuse(line) : 400));
      lines.forEach((line, index) => {
        const [, series, fields, time] = syntax.exec(line) ?? [];
        // A partial write: the others are taken.
        if (statuses[index] === 204 || statuses[index] === 400) {
          if (statuses[index] === 204) points.set(`${series} ${time}`, fields ?? '');
        }
      });
      const status = statuses.find((one) => one !== 204) ?? 204;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        status === 204
          ? ''
          : JSON.stringify({ error: `partial write: field type conflict: secret "${lines[0]}"` }),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const self: StrictInflux = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    points,
    refuse: () => 204,
    isSilent: false,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close').catch(() => undefined);
    },
  };
  return self;
}
