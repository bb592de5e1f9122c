import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { HearthError, isHearthError, type CloudEvent } from '@hearth/core';
import { decodeStructured } from '@hearth/core/event';

/** One line of an event log. `bytes` counts from the beginning of the file to the end of the line. */
export interface LogLine {
  readonly line: number;
  readonly bytes: number;
  readonly event: CloudEvent | HearthError;
}

/** The size of a log in bytes. Throws `invalid-option` when there is none. */
export async function logSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw new HearthError('invalid-option', `There is no log "${file}".`, { cause });
  }
}

/** Reads a log: one CloudEvent in JSON a line. Empty lines are passed over; a line that is no event is its error. */
export async function* readLog(file: string): AsyncGenerator<LogLine> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  let line = 0;
  let bytes = 0;
  for await (const text of lines) {
    line += 1;
    bytes += Buffer.byteLength(text) + 1;
    if (text.trim() !== '') yield { line, bytes, event: decoded(text) };
  }
}

function decoded(text: string): CloudEvent | HearthError {
  try {
    return decodeStructured(text);
  } catch (error) {
    if (isHearthError(error)) return error;
    throw error;
  }
}
