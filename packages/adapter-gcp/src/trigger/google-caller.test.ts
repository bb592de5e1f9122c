import { createRemoteJWKSet, generateKeyPair, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { audience, caller, email, keys, rightClaims, token } from '../../test/google-token.ts';
import { googleCaller, type GoogleCaller } from './google-caller.ts';

const ask = (bearer: string | undefined, options: Partial<GoogleCaller> = {}) =>
  googleCaller({ ...caller, ...options })({
    headers: bearer === undefined ? {} : { authorization: bearer },
  });

const principal = { kind: 'service', id: email };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('googleCaller', () => {
  it('lets in the token of the service account', async () => {
    expect(await ask(`Bearer ${await token()}`)).toEqual(principal);
    expect(await ask(`bearer ${await token({ iss: 'accounts.google.com' })}`)).toEqual(principal);
    const several = { email: ['other@acme.example', email], audience: ['x', audience] };
    expect(await ask(`Bearer ${await token()}`, several)).toEqual(principal);
  });

  it.each([
    ['of another issuer', { iss: 'https://accounts.evil.example' }],
    ['for another audience', { aud: 'https://other.example' }],
    ['without an audience', { aud: undefined }],
    ['of another account', { email: 'mallory@acme.iam.gserviceaccount.com' }],
    ['without an email', { email: undefined }],
    ['of an account whose email is not verified', { email_verified: false }],
    ['of an account whose email is "verified"', { email_verified: 'true' }],
    ['that has expired', { exp: inSeconds(-60) }],
    ['that never expires', { exp: undefined }],
    ['that is not valid yet', { nbf: inSeconds(600) }],
  ])('lets in no token %s', async (_, claims) => {
    expect(await ask(`Bearer ${await token(claims)}`)).toBeUndefined();
  });

  it('lets in no token of another key, without a signature, or that is none', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await ask(`Bearer ${await token({}, privateKey)}`)).toBeUndefined();
    const unsigned = new UnsecuredJWT({ ...rightClaims, exp: inSeconds(60) }).encode();
    for (const bearer of [
      `Bearer ${unsigned}`,
      'Bearer ',
      'Bearer a.b.c',
      'Bearer x',
      `Basic ${await token()}`,
      `Bearer ${await token()} x`,
      undefined,
    ]) {
      expect(await ask(bearer)).toBeUndefined();
    }
  });

  const taken = async (claims: object = {}) =>
    `Bearer ${(await token(claims)).replace(/[^.]+$/, 'SIGNATURE_REMOVED_BY_GOOGLE')}`;

  it('lets in a token whose signature was taken away only where Cloud Run has checked it', async () => {
    expect(await ask(await taken())).toBeUndefined();
    expect(await ask(await taken(), { signature: 'cloud-run' })).toEqual(principal);
    expect(await ask(`Bearer ${await token()}`, { signature: 'cloud-run' })).toEqual(principal);
  });

  it.each([
    { iss: 'https://accounts.evil.example' },
    { aud: 'https://other.example' },
    { exp: inSeconds(-60) },
    { exp: undefined },
    { email: 'mallory@acme.iam.gserviceaccount.com' },
    { email_verified: undefined },
  ])('checks what such a token says all the same: %o', async (claims) => {
    expect(await ask(await taken(claims), { signature: 'cloud-run' })).toBeUndefined();
  });

  it('rejects when the keys cannot be had, for then nobody knows', async () => {
    const gone = createRemoteJWKSet(new URL('http://127.0.0.1:1/certs'));
    await expect(ask(`Bearer ${await token()}`, { keys: gone })).rejects.toThrow(/./);
  });

  it.each([
    ['email', { email: '' }],
    ['email', { email: [] }],
    ['audience', { audience: [audience, ''] }],
    ['audience', { audience: undefined as unknown as string }],
  ])('refuses to let in anybody: %s', (field, options) => {
    expect(() => googleCaller({ email, audience, keys, ...options })).toThrow(
      expect.objectContaining({ code: 'invalid-option', field }) as Error,
    );
    expect(() => googleCaller(undefined as unknown as GoogleCaller)).toThrow(/"email"/);
  });
});
