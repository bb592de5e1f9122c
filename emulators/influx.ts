import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandPath } from '@hearth/testing/needs';
import { freePort, startChildServer, type ChildServer } from './child-server.ts';

/** What `needs` says is missing. */
export const influxNeeds = 'influxd, the server of InfluxDB 1 (Debian has it as "influxdb")';

/** Starts InfluxDB 1, without users and with an empty folder, or gives `undefined` where it is not installed. */
export async function startInflux(): Promise<ChildServer | undefined> {
  const influxd = commandPath('influxd');
  if (influxd === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'hearth-influx-'));
  const file = join(folder, 'influxdb.conf');
  const rpc = await freePort();
  return startChildServer((port) => {
    writeFileSync(file, settings(folder, port, rpc));
    // The folder goes with the server.
    return ['/bin/sh', '-c', 'exec "$0" -config "$1"', influxd, file];
  }, '/query?q=SHOW+DATABASES');
}

const settings = (folder: string, port: number, rpc: number): string => `
reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  index-version = "inmem"
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
`;
