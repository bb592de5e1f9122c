// A process of its own, for tests that end it: prints its URL when it listens.
import { serve } from '@hearth/adapter-knative';
import { memoryPublisher, memoryStore } from '@hearth/core/ports';
import { logger } from '@hearth/node';
import { app } from './door.ts';

const { url } = await serve(app, {
  store: memoryStore(),
  publisher: memoryPublisher(),
  logger: logger({ level: 'silent' }),
  authenticate: { kind: 'service', id: 'broker' },
  port: 0,
  host: '127.0.0.1',
});
process.stdout.write(`${url}\n`);
