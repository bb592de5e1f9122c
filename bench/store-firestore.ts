import { Firestore, Timestamp } from '@google-cloud/firestore';
import { firestoreStore } from '@hearth/adapter-gcp/firestore';
import { startFirestore } from '@hearth/emulators/firestore';
import type { Figures } from './figure.ts';
import { savingFigures, type BareClient } from './saving.ts';

/** Measures saves into Google's emulator of Firestore, which keeps everything in memory. */
export async function measure(): Promise<Figures> {
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  const emulator = await startFirestore();
  if (emulator === undefined) throw new Error('This machine has no Firestore emulator.');
  const where = { projectId: 'demo-hearth', host: emulator.host, ssl: false };
  const clients = [new Firestore(where), new Firestore(where)] as const;
  try {
    const store = firestoreStore({ client: clients[0] });
    const note = 'in the emulator, whose own time is most of it, on both sides';
    const against = '@google-cloud/firestore, one update with a precondition';
    return await savingFigures('firestore', store, bare(clients[1]), against, { note });
  } finally {
    await Promise.all(clients.map((client) => client.terminate()));
    await emulator.stop();
  }
}

function bare(client: Firestore): BareClient {
  const reference = (key: string) => client.collection('bare').doc(encodeURIComponent(key));
  const versionOf = ({ seconds, nanoseconds }: Timestamp) => `${seconds}.${nanoseconds}`;
  return {
    async create(key, body) {
      const { writeTime } = await reference(key).create({ body });
      return versionOf(writeTime);
    },
    async update(key, body, version) {
      const [seconds, nanoseconds] = version.split('.').map(Number);
      const lastUpdateTime = new Timestamp(seconds ?? 0, nanoseconds ?? 0);
      const { writeTime } = await reference(key).update({ body }, { lastUpdateTime });
      return versionOf(writeTime);
    },
  };
}
