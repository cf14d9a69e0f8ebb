import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/**
 * A context that knows one value, and its parent. The API's own copies a map, and makes three
 * functions, for each value that is set, which is several times a request.
 */
class LinkedContext implements Context {
  readonly #parent: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return new LinkedContext(this, key, value);
  }

  deleteValue(key: symbol): Context {
    return new LinkedContext(this, key, undefined);
  }
}

/** Nothing is set in it, and what is set on it is a {@link LinkedContext}. */
export const leanRootContext: Context = new LinkedContext(ROOT_CONTEXT, Symbol('none'), undefined);
