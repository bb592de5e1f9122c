import type { Figures } from './figure.ts';
import { importDuel } from './import-duel.ts';

const handler = `
  import { handle } from '@hearth/core';
  import { app } from './first-screen.ts';
  export const handler = (inputs, runtime) => handle(app, inputs, runtime);
`;
const schemasOnly = `export * from './first-schemas.ts'`;

/** Measures what Hearth adds to the import of a bundled handler: each import in a new process, in turns with its schemas alone. */
export async function measure(): Promise<Figures> {
  const against = 'the same bundle with its zod schemas alone';
  return { 'import.core': await importDuel(handler, schemasOnly, against) };
}
