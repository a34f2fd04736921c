// Verifies a token from /token against the instance's JWKS with a JOSE library that is not ours, and
// the rules that PowerSync's service applies to it.
//
//   node verify-token.mjs '{"url": ..., "user": ...}'
import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { developmentToken } from './client.mjs';

const { url, user } = JSON.parse(process.argv[2]);
const answer = await developmentToken(url, user);
assert.ok(!answer.powersync_url.endsWith('/'), 'the SDK refuses a trailing slash');
assert.equal(answer.user_id, user);

for (const path of ['/.well-known/jwks.json', '/jwks', '/api/auth/keys']) {
  const keys = createRemoteJWKSet(new URL(url + path));
  const { payload } = await jwtVerify(answer.token, keys, {
    audience: answer.powersync_url,
    subject: user,
    requiredClaims: ['sub', 'iat', 'exp', 'aud']
  });
  const header = decodeProtectedHeader(answer.token);
  assert.ok(header.kid && ['EdDSA', 'RS256'].includes(header.alg), JSON.stringify(header));
  assert.ok(payload.exp - payload.iat <= 86_400, 'the service refuses lifetimes over a day');
  assert.equal(Date.parse(answer.expires_at), payload.exp * 1000);
}
console.log('ok');
