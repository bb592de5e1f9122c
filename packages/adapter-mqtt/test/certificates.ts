import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** An authority of a test's own: its certificate, and how it names somebody. */
export interface Authority {
  readonly ca: string;
  issue(name: string): Identity;
}

/** Makes a certificate authority with openssl, whose path is given. What it issues is valid for localhost and for a day. */
export function authority(openssl: string): Authority {
  const own = make((folder, run) => {
    run([
      'req',
      '-x509',
      ...curve,
      '-keyout',
      'key',
      '-out',
      'cert',
      '-days',
      '1',
      '-subj',
      '/CN=Test CA',
    ]);
    return read(folder);
  });
  return {
    ca: own.cert,
    issue: (name) =>
      make((folder, run) => {
        writeFileSync(join(folder, 'ca'), own.cert);
        writeFileSync(join(folder, 'ca-key'), own.key);
        writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
        run(['req', ...curve, '-keyout', 'key', '-out', 'request', '-subj', `/CN=${name}`]);
        run([
          'x509',
          '-req',
          '-in',
          'request',
          '-CA',
          'ca',
          '-CAkey',
          'ca-key',
          '-CAcreateserial',
          '-extfile',
          'names',
          '-days',
          '1',
          '-out',
          'cert',
        ]);
        return read(folder);
      }),
  };

  function make<T>(work: (folder: string, run: (args: readonly string[]) => void) => T): T {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-certificates-'));
    try {
      return work(folder, (args) => {
        execFileSync(openssl, args, { cwd: folder, stdio: 'ignore' });
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function read(folder: string): Identity {
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { cert: text('cert'), key: text('key') };
}
