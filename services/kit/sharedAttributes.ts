import type { Attributes } from '@opentelemetry/api';

/**
 * Attributes that many spans have with the same values, such as those of a callee or a connection:
 * they are made once, and put into bytes once.
 */
export class SharedAttributes {
  readonly values: Readonly<Attributes>;
  /** What a serializer made of them. */
  bytes: Uint8Array | null = null;

  constructor(values: Attributes) {
    this.values = values;
  }
}
