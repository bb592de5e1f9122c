// The package has no types of its own.
declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** Makes a server that does not listen yet. */
  export default function dynalite(options: {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }): Server;
}
