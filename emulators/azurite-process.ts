import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Runs the Table service of Azurite in this process, which ends with its parent.

interface TableServer {
  start(): Promise<void>;
  getHttpServerAddress(): string;
}

const load = createRequire(import.meta.url);
const { default: Configuration } = load('azurite/dist/src/table/TableConfiguration') as {
  readonly default: new (...options: readonly unknown[]) => object;
};
const { default: Server } = load('azurite/dist/src/table/TableServer') as {
  readonly default: new (configuration: object) => TableServer;
};

const folder = mkdtempSync(join(tmpdir(), 'hearth-azurite-'));
process.once('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});

const silent = [false, false, undefined, undefined];
const lenient = [false, true];
const [, , cert = '', key = ''] = process.argv;
const secure = [cert, key, '', cert === '' ? undefined : 'basic', false];
const inMemory = true;
const server = new Server(
  new Configuration(
    '127.0.0.1',
    0,
    30,
    join(folder, 'tables.json'),
    ...silent,
    ...lenient,
    ...secure,
    inMemory,
  ),
);
await server.start();
process.send?.(server.getHttpServerAddress());
