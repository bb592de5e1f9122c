import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import Module from 'node:module';

// Loaded into the process of the runtime interface client before it: its HTTP client is a native addon, which would need a compiler. This
// one speaks the same Runtime API; everything else of the client is the original.

interface Loader {
  _load(request: string, ...rest: unknown[]): unknown;
}

const [host, port] = (process.env['AWS_LAMBDA_RUNTIME_API'] ?? '').split(':');
const agent = new Agent({ keepAlive: true });

/** What the runtime interface client expects of its native part. */
const client = {
  initializeClient: () => undefined,
  // The original waits for its answer to be taken before it asks for more.
  next: () => reported.then(() => call('GET', '/next')),
  done(id: string, body: string) {
    reported = call('POST', `/${id}/response`, body);
  },
  error(id: string, body: string) {
    reported = call('POST', `/${id}/error`, body);
  },
};
let reported: Promise<unknown> = Promise.resolve();

interface Answer {
  readonly bodyJson: string;
  readonly headers: IncomingHttpHeaders;
}

function call(method: string, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve) => {
    const full = `/2018-06-01/runtime/invocation${path}`;
    const sent = request({ host, port, agent, method, path: full }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ bodyJson: Buffer.concat(chunks).toString(), headers: response.headers });
      });
    });
    // Whoever started this process is gone, or wants it gone.
    sent.on('error', () => process.exit(1));
    sent.end(body);
  });
}

const loader = Module as unknown as Loader;
const load = loader._load.bind(loader);
loader._load = (name, ...rest) =>
  name.endsWith('rapid-client.node') ? client : load(name, ...rest);
