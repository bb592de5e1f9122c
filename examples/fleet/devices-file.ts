import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

const firmwares = ['1.0.0', '1.1.0', '1.1.1', '1.2.0'];

/** How many sites and owners there are, and one in how many lamps is somebody's already, or one in how many lines wrong. */
export const made = { sites: 250, owners: 500, ownedEvery: 10, wrongEvery: 9973 };

/** Writes a file as a factory does: one line for each device, a few of them wrong. Gives how many are right. */
export async function writeDevices(file: string, count: number): Promise<number> {
  const handle = await open(file, 'w');
  const write = handle.createWriteStream();
  let wrong = 0;
  write.write('device,model,firmware,tag.site,owner,code\n');
  for (let n = 0; n < count; n += 1) {
    const isWrong = n % made.wrongEvery === made.wrongEvery - 1;
    if (isWrong) wrong += 1;
    if (!write.write(`${lineOf(n, isWrong)}\n`))
      await new Promise((resolve) => write.once('drain', resolve));
  }
  await new Promise<void>((resolve) => void write.end(resolve));
  return count - wrong;
}

/** The id of a device. */
export const idOf = (n: number): string => `lamp-${String(n).padStart(7, '0')}`;

function lineOf(n: number, isWrong: boolean): string {
  if (isWrong) return `${idOf(n)},,1.0.0,site-0,,`;
  const owner = n % made.ownedEvery === 0 ? ownerOf(n) : '';
  const firmware = firmwares[n % firmwares.length] ?? '';
  return `${idOf(n)},com.acme.lamp,${firmware},site-${n % made.sites},${owner},${codeOf(n)}`;
}

/** Who owns a lamp that is taken over from an older system. */
export const ownerOf = (n: number): string => `user-${(n / made.ownedEvery) % made.owners}`;

/** What is printed on a label. A factory takes random ones. */
export const codeOf = (n: number): string => `CODE-${(n * 7919).toString(36).toUpperCase()}`;

/** Reads a file line by line, whatever its size. */
export function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}
