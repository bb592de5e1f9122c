import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { RunningPostgres } from './postgres.ts';

interface Database {
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Starts PostgreSQL in WebAssembly behind a socket, or gives `undefined` where it is not installed.
 *
 * It has one session. As a pooler in transaction mode does, this lends it to one client until its transaction has ended.
 */
export async function startPglite(): Promise<RunningPostgres | undefined> {
  const database = await openDatabase();
  if (database === undefined) return undefined;
  const lend = turns();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    void serve(socket, database, lend).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    kind: 'pglite',
    port,
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await database.close();
    },
  };
}

async function openDatabase(): Promise<Database | undefined> {
  try {
    const { PGlite } = await import('@electric-sql/pglite');
    return await PGlite.create();
  } catch {
    return undefined;
  }
}

/** Gives the session to one after the other; each gives it back by calling what it gets. */
type Turns = () => Promise<() => void>;

function turns(): Turns {
  let last = Promise.resolve();
  return async () => {
    const before = last;
    let end: () => void = () => undefined;
    last = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    return end;
  };
}

async function serve(socket: Socket, database: Database, lend: Turns): Promise<void> {
  let release: (() => void) | undefined;
  try {
    for await (const { messages, isStart } of requests(socket)) {
      release ??= await lend();
      const answer = await database.execProtocolRaw(messages);
      socket.write(answer);
      if (isStart || isIdle(answer)) {
        release();
        release = undefined;
      }
    }
  } finally {
    if (release !== undefined) {
      await database.execProtocolRaw(query('ROLLBACK'));
      release();
    }
  }
}

interface Request {
  readonly messages: Buffer;
  readonly isStart: boolean;
}

const sslRequest = 80_877_103;
const cancelRequest = 80_877_102;
// Query, Sync, and the end of a password exchange, which trust does without.
const lastMessages = new Set(['Q', 'S'].map((letter) => letter.charCodeAt(0)));
const goodbye = 'X'.charCodeAt(0);

/** Cuts a stream into what the server answers as a whole: the start, and the messages up to one after which it is ready again. */
async function* requests(socket: Socket): AsyncGenerator<Request> {
  let rest = Buffer.alloc(0);
  let started = false;
  let end = 0;
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < end + head + 4) break;
      const next = end + head + rest.readInt32BE(end + head);
      if (rest.length < next) break;
      if (!started) {
        const kind = rest.readInt32BE(4);
        if (kind === cancelRequest) return;
        if (kind === sslRequest) socket.write('N');
        else {
          started = true;
          yield { messages: rest.subarray(0, next), isStart: true };
        }
        rest = rest.subarray(next);
        continue;
      }
      const type = rest[end] as number;
      if (type === goodbye) return;
      end = next;
      if (!lastMessages.has(type)) continue;
      yield { messages: rest.subarray(0, end), isStart: false };
      rest = rest.subarray(end);
      end = 0;
    }
  }
}

/** The answer ends with ReadyForQuery, whose last byte says that no transaction is open. */
function isIdle(answer: Uint8Array): boolean {
  return answer.at(-1) === 'I'.charCodeAt(0);
}

function query(text: string): Uint8Array {
  const body = Buffer.from(`${text}\0`);
  const message = Buffer.alloc(5 + body.length);
  message.write('Q');
  message.writeInt32BE(4 + body.length, 1);
  body.copy(message, 5);
  return message;
}
