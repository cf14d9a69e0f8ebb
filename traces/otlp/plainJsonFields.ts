import { Literal } from './literal.ts';

/** How a field's value is written in JSON, and goes into protobuf. */
type Form =
  | 'text'
  | 'id'
  | 'optionalId'
  | 'uint32'
  | 'flags'
  | 'nano'
  | 'int'
  | 'bool'
  | 'double'
  | 'message'
  | 'list';

export interface Field {
  /** `"key":`, as it stands before the value. */
  readonly opening: Literal;
  readonly number: number;
  readonly form: Form;
  /** Of an id. */
  readonly bytes: number;
  readonly message: Message;
}

export interface Message {
  fields: readonly Field[];
  /** Bits of the fields that must be there. */
  readonly required: number;
  /** Bytes kept free for the length; 5 where the content is large and would have to be moved. */
  readonly lengthBytes: 1 | 5;
  readonly isOneOf: boolean;
}

const NONE: Message = { fields: [], required: 0, lengthBytes: 1, isOneOf: false };

function field(key: string, number: number, form: Form, message = NONE, bytes = 0): Field {
  return { opening: new Literal(`"${key}":`), number, form, message, bytes };
}

function message(fields: readonly Field[], more: Partial<Message> = {}): Message {
  return { ...NONE, fields, ...more };
}

const VALUE: Message = message([], { isOneOf: true });
VALUE.fields = [
  field('stringValue', 1, 'text'),
  field('intValue', 3, 'int'),
  field('boolValue', 2, 'bool'),
  field('doubleValue', 4, 'double'),
  field('arrayValue', 5, 'message', message([field('values', 1, 'list', VALUE)])),
];
export const VALUE_FIELD = field('value', 2, 'message', VALUE);
export const KEY_VALUE = message([field('key', 1, 'text'), VALUE_FIELD]);
const EVENT = message([
  field('timeUnixNano', 1, 'nano'),
  field('name', 2, 'text'),
  field('attributes', 3, 'list', KEY_VALUE),
  field('droppedAttributesCount', 4, 'uint32'),
]);
const LINK = message([
  field('traceId', 1, 'id', NONE, 16),
  field('spanId', 2, 'id', NONE, 8),
  field('traceState', 3, 'text'),
  field('attributes', 4, 'list', KEY_VALUE),
  field('droppedAttributesCount', 5, 'uint32'),
  field('flags', 6, 'flags'),
]);
const STATUS = message([field('code', 3, 'uint32'), field('message', 2, 'text')]);
// In the order in which OpenTelemetry's SDK for JavaScript writes them: the next is found at once.
const SPAN = message(
  [
    field('traceId', 1, 'id', NONE, 16),
    field('spanId', 2, 'id', NONE, 8),
    field('parentSpanId', 4, 'optionalId', NONE, 8),
    field('traceState', 3, 'text'),
    field('name', 5, 'text'),
    field('kind', 6, 'uint32'),
    field('startTimeUnixNano', 7, 'nano'),
    field('endTimeUnixNano', 8, 'nano'),
    field('attributes', 9, 'list', KEY_VALUE),
    field('droppedAttributesCount', 10, 'uint32'),
    field('events', 11, 'list', EVENT),
    field('droppedEventsCount', 12, 'uint32'),
    field('status', 15, 'message', STATUS),
    field('links', 13, 'list', LINK),
    field('droppedLinksCount', 14, 'uint32'),
    field('flags', 16, 'flags'),
  ],
  { required: 0b11, lengthBytes: 5 },
);
const SCOPE = message([
  field('name', 1, 'text'),
  field('version', 2, 'text'),
  field('attributes', 3, 'list', KEY_VALUE),
  field('droppedAttributesCount', 4, 'uint32'),
]);
const SCOPE_SPANS = message(
  [
    field('scope', 1, 'message', SCOPE),
    field('spans', 2, 'list', SPAN),
    field('schemaUrl', 3, 'text'),
  ],
  { lengthBytes: 5 },
);
const RESOURCE = message([
  field('attributes', 1, 'list', KEY_VALUE),
  field('droppedAttributesCount', 2, 'uint32'),
]);
const RESOURCE_SPANS = message(
  [
    field('resource', 1, 'message', RESOURCE),
    field('scopeSpans', 2, 'list', SCOPE_SPANS),
    field('schemaUrl', 3, 'text'),
  ],
  { lengthBytes: 5 },
);
/** `ExportTraceServiceRequest`. Maps of values and bytes are not among its plain fields. */
export const REQUEST = message([field('resourceSpans', 1, 'list', RESOURCE_SPANS)]);
