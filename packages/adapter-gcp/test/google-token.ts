import type { GoogleCaller, KeySource } from '@hearth/adapter-gcp';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Whose calls the tests let in. */
export const email = 'caller@acme.iam.gserviceaccount.com';
export const audience = 'https://home.acme.example';

const { privateKey, publicKey } = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' };

/** Keys such as Google has, but ours. */
export const keys: KeySource = createLocalJWKSet({ keys: [jwk] });

/** The caller that all triggers of the tests let in. */
export const caller: GoogleCaller = { email, audience, keys };

/** What a token of Google says, unless a test says otherwise. */
export const rightClaims = {
  iss: 'https://accounts.google.com',
  aud: audience,
  azp: '113774264463038321964',
  sub: '113774264463038321964',
  email,
  email_verified: true,
};

/** A token as Google makes it; `claims` are laid over the right ones. */
export async function token(claims: object = {}, key = privateKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iat: now, exp: now + 3600, ...rightClaims, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'JWT' }).sign(key);
}
