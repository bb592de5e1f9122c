import { startFauxqs as start, type FauxqsServer } from 'fauxqs';

/** SQS and SNS in this process, with doors to create queues and topics and to look into them without taking anything out. */
export type Fauxqs = Omit<FauxqsServer, 'address'> & { readonly url: string };

/**
 * Starts fauxqs: SQS and SNS in memory, in this process.
 *
 * Real: FIFO groups and deduplication, delays, redrive, filters, raw delivery, results per entry. Not real: signatures, policies.
 */
export async function startFauxqs(): Promise<Fauxqs> {
  const server = await start({ port: 0, host: '127.0.0.1', logger: false });
  return Object.assign(server, { url: `http://127.0.0.1:${server.port}` });
}
