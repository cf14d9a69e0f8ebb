import { DatabaseSync } from 'node:sqlite';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_SUMMARY,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
} from '@opentelemetry/semantic-conventions';
import { type SpanStarter, startSharing } from './requestTracer.ts';
import { SharedAttributes } from './sharedAttributes.ts';
import { unixMs } from './spanTime.ts';

export interface User {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  readonly city: string;
}

export interface Users {
  /** Undefined if there is none. Throws SQLite's error. */
  find(id: number): User | undefined;
  close(): void;
}

/** Users have the ids from 1 to this. */
export const userCount = 2000;

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Alan', 'Radia', 'Ken'];
const families = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Turing'];
const cities = ['London', 'New York', 'Rotterdam', 'Los Angeles', 'Milwaukee', 'Peru', 'Madrid'];

const queryText = 'SELECT id, name, email, city FROM users WHERE id = ?';
const attributes = new SharedAttributes({
  [ATTR_DB_SYSTEM_NAME]: 'sqlite',
  [ATTR_DB_NAMESPACE]: 'main',
  [ATTR_DB_COLLECTION_NAME]: 'users',
  [ATTR_DB_OPERATION_NAME]: 'SELECT',
  [ATTR_DB_QUERY_SUMMARY]: 'SELECT users',
  [ATTR_DB_QUERY_TEXT]: queryText,
});

/** Opens the database, filling it at its first use. `path` may be `:memory:`. */
export function openUsers(path: string, tracer: SpanStarter): Users {
  const database = new DatabaseSync(path);
  fill(database);
  const select = database.prepare(queryText);
  return {
    find(id) {
      const span = startSharing(tracer, 'SELECT users', attributes, {
        kind: SpanKind.CLIENT,
        startTime: unixMs(),
      });
      try {
        return select.get(id) as User | undefined;
      } catch (error) {
        const { errcode, message } = error as Error & { errcode?: number };
        const code = String(errcode ?? 'Error');
        span.setAttribute(ATTR_DB_RESPONSE_STATUS_CODE, code);
        span.setAttribute(ATTR_ERROR_TYPE, code);
        span.setStatus({ code: SpanStatusCode.ERROR, message });
        throw error;
      } finally {
        span.end(unixMs());
      }
    },
    close: () => database.close(),
  };
}

function fill(database: DatabaseSync): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, ' +
      'email TEXT NOT NULL, city TEXT NOT NULL) STRICT',
  );
  if (database.prepare('SELECT 1 FROM users LIMIT 1').get() !== undefined) return;
  const insert = database.prepare('INSERT INTO users VALUES (?, ?, ?, ?)');
  database.exec('BEGIN');
  for (let id = 1; id <= userCount; id++) {
    const name = `${names[id % names.length]} ${families[id % families.length]}`;
    const email = `${name.toLowerCase().replace(' ', '.')}.${id}@example.com`;
    insert.run(id, name, email, cities[id % cities.length] as string);
  }
  database.exec('COMMIT');
}
