import { errors, jwtVerify, SignJWT } from 'jose';
import { Problem } from './problem.ts';

const issuer = 'aftershock-gateway';
const audience = 'aftershock';
const lifetimeMs = 3_600_000;
const challenge = 'Bearer realm="aftershock"';

/** Issues a demo token and renews it in time. Returns the value of an `Authorization` header. */
export async function demoAuthorization(
  secret: string,
  nowUnixMs: () => number = Date.now,
): Promise<() => Promise<string>> {
  const key = keyOf(secret);
  let header = '';
  let renewUnixMs = 0;
  async function current(): Promise<string> {
    const now = nowUnixMs();
    if (now >= renewUnixMs) {
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('demo')
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(Math.floor(now / 1000))
        .setExpirationTime(Math.floor((now + lifetimeMs) / 1000))
        .sign(key);
      header = `Bearer ${token}`;
      renewUnixMs = now + lifetimeMs / 2;
    }
    return header;
  }
  await current();
  return current;
}

/**
 * A check of an `Authorization` header: resolves with the token's subject.
 * It throws a {@link Problem} with status 401 that says what is wrong (RFC 6750, 3).
 */
export function tokenCheck(secret: string): (authorization: string | undefined) => Promise<string> {
  const key = keyOf(secret);
  return async (authorization) => {
    if (authorization === undefined) throw unauthorized('no-token', 'A bearer token is needed');
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw unauthorized('bad-token', 'Authorization must read: Bearer TOKEN', 'invalid_request');
    }
    try {
      const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], issuer, audience });
      return payload.sub ?? '';
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw unauthorized('bad-token', `The token is not valid: ${error.message}`, 'invalid_token');
    }
  };
}

function unauthorized(code: string, detail: string, error?: string): Problem {
  const value = error === undefined ? challenge : `${challenge}, error="${error}"`;
  return new Problem(401, code, detail, { headers: { 'www-authenticate': value } });
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
