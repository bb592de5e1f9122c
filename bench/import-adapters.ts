import { adapters } from './adapters.ts';
import type { Figure, Figures } from './figure.ts';
import { importDuel } from './import-duel.ts';

const peer = `
  export * from './first-schemas.ts';
  export { pino } from 'pino';
`;

/** Measures what Hearth adds to the import of a bundled function of each cloud, over a module with the same zod schemas and pino. */
export async function measure(): Promise<Figures> {
  const figures: Record<string, Figure> = {};
  for (const { cloud, handler } of adapters) {
    const against = 'the same bundle with its zod schemas and pino alone';
    figures[`import.${cloud}`] = await importDuel(handler, peer, against);
  }
  return figures;
}
