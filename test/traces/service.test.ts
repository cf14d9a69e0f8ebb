import { expect, test } from 'vitest';
import { processOf, serviceOf } from '../../traces/service.ts';
import type { Attributes } from '../../traces/span.ts';
import { msSpan } from './span.ts';

test.each<{ attributes: Attributes; service: string; process: string }>([
  { attributes: {}, service: 'unknown_service', process: 'unknown_service' },
  { attributes: { 'service.name': '' }, service: 'unknown_service', process: 'unknown_service' },
  { attributes: { 'service.name': 7 }, service: 'unknown_service', process: 'unknown_service' },
  { attributes: { 'service.name': 'auth' }, service: 'auth', process: 'auth' },
  {
    attributes: { 'service.name': 'auth', 'service.instance.id': 'auth-1' },
    ...{ service: 'auth', process: 'auth-1' },
  },
  {
    attributes: { 'service.name': 'auth', 'service.instance.id': '' },
    ...{ service: 'auth', process: 'auth' },
  },
  {
    attributes: { 'service.name': 'auth', 'service.instance.id': 7 },
    ...{ service: 'auth', process: 'auth' },
  },
])('$attributes is service $service, process $process', ({ attributes, service, process }) => {
  const span = msSpan('a', '', 0, 1, { resource: { attributes } });
  expect([serviceOf(span), processOf(span)]).toEqual([service, process]);
});
