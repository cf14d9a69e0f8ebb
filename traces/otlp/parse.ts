import { MalformedOtlpError } from './request.ts';

/** JSON.parse of bytes. @throws {MalformedOtlpError} */
export function parseOtlpJson(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch (error) {
    throw new MalformedOtlpError(`Not JSON: ${(error as Error).message}`);
  }
}
