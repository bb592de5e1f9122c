import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRecording, type Row } from './recording.ts';

const folder = mkdtempSync(join(tmpdir(), 'hearth-recording-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function rowsOf(text: string): Promise<readonly Row[]> {
  const file = join(folder, 'room.csv');
  writeFileSync(file, text);
  const rows: Row[] = [];
  for await (const row of readRecording(file)) rows.push(row);
  return rows;
}

const header = '"date","Temperature","Humidity","Occupancy"\n';

describe('readRecording', () => {
  it('reads rows with a row number that the header does not name', async () => {
    expect(await rowsOf(`${header}"140","2015-02-02 14:19:00",23.7,26.272,1\n`)).toEqual([
      { number: 1, at: Date.UTC(2015, 1, 2, 14, 19), celsius: 23.7, isOccupied: true },
    ]);
  });

  it('reads rows without a row number, in any order of columns, and passes over empty lines', async () => {
    const text = 'Occupancy,Note,Temperature,Date\r\n\r\n0,"a, ""b""",-3.5,2015-02-02 14:19:00\r\n';
    expect(await rowsOf(text)).toMatchObject([{ celsius: -3.5, isOccupied: false }]);
  });

  it.each([
    ['', /is empty/],
    ['"date","Temperature"\n', /no column "occupancy"/],
    [`${header}"2015-02-02 14:19:00",warm,1,1\n`, /"temperature" of row 1 must be a number/],
    [`${header}"2015-02-02 14:19:00",,1,1\n`, /"temperature" of row 1/],
    [`${header}"yesterday",20,1,1\n`, /"date" of row 1/],
    [`${header}"2015-02-02 14:19:00",20,1,2\n`, /"occupancy" of row 1 must be 0 or 1/],
  ])('refuses %j and says where', async (text, message) => {
    await expect(rowsOf(text)).rejects.toThrow(message);
  });

  it('refuses a file that is not there', async () => {
    await expect(readRecording(join(folder, 'none.csv')).next()).rejects.toThrow(
      /there is no file/,
    );
  });
});
