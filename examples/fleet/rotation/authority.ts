// oxlint-disable-next-line import/no-unassigned-import -- what x509 builds on wants it first
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A key with the certificate for it, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate as the authority knows it: what a principal's `credential` says is its `credential`. */
export interface Issued {
  readonly credential: string;
  readonly certificate: string;
  readonly serial: string;
  readonly expires: string;
}

/** A certificate authority in memory, which signs requests and revokes. */
export interface CertificateAuthority {
  readonly ca: string;
  /** Signs a request for a certificate, whoever it says it is for: the name is given. */
  sign(csr: string, commonName: string): Promise<Issued>;
  /** Makes a key and its certificate; a server gets one for localhost. */
  identity(commonName: string): Promise<Identity & Issued>;
  /** The revocation list, with everything that was ever revoked. */
  revoke(...serials: readonly string[]): Promise<string>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const { subtle } = webcrypto;
x509.cryptoProvider.set(webcrypto);

const dayMs = 86_400_000;

/** Makes a key, and a request for a certificate for it: what a device does. */
export async function request(commonName: string): Promise<{ key: string; csr: string }> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
  });
  return { key: await pemOf(keys.privateKey), csr: csr.toString('pem') };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Makes an authority. Real ones sign in a module that never shows its key; this one is for tests. */
export async function certificateAuthority(): Promise<CertificateAuthority> {
  const keys = await subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const issuer = 'CN=Hearth test authority';
  const valid = {
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 365 * dayMs),
  };
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: issuer,
    keys,
    signingAlgorithm: algorithm,
    ...valid,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
    ],
  });
  const revoked: string[] = [];
  let nth = 0;
  const sign = async (csr: string, commonName: string): Promise<Issued> => {
    const asked = new x509.Pkcs10CertificateRequest(csr);
    if (!(await asked.verify())) throw new Error('The request is not signed by its own key.');
    const serialNumber = (0x1000 + (nth += 1)).toString(16);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${commonName}`,
      issuer,
      serialNumber,
      publicKey: asked.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...valid,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
    });
    return {
      credential: commonName,
      certificate: certificate.toString('pem'),
      serial: serialNumber,
      expires: valid.notAfter.toISOString(),
    };
  };
  return {
    ca: own.toString('pem'),
    sign,
    async identity(commonName) {
      const { key, csr } = await request(commonName);
      const issued = await sign(csr, commonName);
      return { ...issued, key, cert: issued.certificate };
    },
    async revoke(...serials) {
      revoked.push(...serials);
      const list = await x509.X509CrlGenerator.create({
        issuer,
        thisUpdate: new Date(Date.now() - dayMs),
        nextUpdate: valid.notAfter,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: new Date() })),
      });
      return x509.PemConverter.encode(list.rawData, 'X509 CRL');
    },
  };
}
