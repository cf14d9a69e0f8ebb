import { describe, expect, test } from 'vitest';
import { increase, restarts, type Series, valueAt } from '../../lab/doctor/counters.ts';
import { marginOf, spanFlow, unaccounted } from '../../lab/doctor/flow.ts';

function series(labels: Record<string, string>, ...samples: [number, number][]): Series {
  return { labels, samples };
}

const old = (...values: [number, number][]) => series({}, [0, 100], ...values);

test.each([
  { when: 'it grows', of: old([10, 110], [20, 130]), want: 30 },
  { when: 'it stands still', of: old([10, 100]), want: 0 },
  { when: 'it falls: a reset', of: old([10, 150], [20, 7]), want: 57 },
  { when: 'it begins within the window', of: series({}, [70, 40], [80, 45]), want: 45 },
  { when: 'it began before', of: series({}, [-9, 40], [80, 45]), want: 5 },
  { when: 'it begins after the end', of: series({}, [1001, 40]), want: 0 },
  { when: 'a restart hides behind a higher value', of: old([10, 150]), restartsS: [5], want: 150 },
  { when: 'a restart lies elsewhere', of: old([10, 150]), restartsS: [15], want: 50 },
  { when: 'the end lies between two samples', of: old([990, 110], [1010, 210]), want: 10 },
  {
    when: 'the end lies between two samples, and it moves there',
    of: old([990, 110], [1010, 210]),
    moving: { from: false, until: true },
    want: 60,
  },
  {
    when: 'the begin lies between two samples, and it moves there',
    of: series({}, [-10, 100], [10, 200]),
    moving: { from: true, until: false },
    want: 50,
  },
])('increase() is $want when $when', ({ of, restartsS = [], moving, want }) => {
  expect(increase(of, 0, 1000, restartsS, moving)).toBe(want);
});

test('restarts() are where a time of running begins anew', () => {
  expect(restarts(series({}, [0, 50], [5, 55], [10, 2], [15, 7], [20, 1]))).toEqual([10, 20]);
});

test('valueAt() is the last value until then', () => {
  const values = series({}, [5, 1], [10, 2]);
  expect([4, 5, 9, 99].map((unixS) => valueAt(values, unixS))).toEqual([undefined, 1, 1, 2]);
});

describe('spanFlow()', () => {
  const fromS = 0;
  const untilS = 1000;
  const collector = { job: 'collector', instance: 'collector:8888' };
  const jaeger = { job: 'jaeger', instance: 'jaeger:8888' };
  const metric = (name: string, labels: Record<string, string>, ...samples: [number, number][]) =>
    series({ __name__: name, ...labels }, ...samples);
  const up = (labels: Record<string, string>, ...samples: [number, number][]) =>
    metric('otelcol_process_uptime_seconds_total', labels, ...samples);
  const user = { service_name: 'user', job: 'user', instance: '1' };

  const whole = [
    metric('otel_sdk_span_started_total', user, [0, 0], [900, 1000]),
    metric('otel_sdk_span_live', user, [0, 0], [990, 3]),
    metric('otel_sdk_exporter_span_exported_total', user, [0, 0], [900, 990]),
    metric('otelcol_receiver_accepted_spans_total', collector, [0, 0], [900, 1090]),
    metric('otelcol_receiver_accepted_spans_total', jaeger, [0, 0], [900, 1090]),
    metric(
      'otelcol_exporter_sent_spans_total',
      { ...collector, exporter: 'otlp' },
      [0, 0],
      [900, 1090],
    ),
    metric(
      'otelcol_exporter_sent_spans_total',
      { ...jaeger, exporter: 'jaeger_storage_exporter' },
      [0, 0],
      [900, 1090],
    ),
    metric('traces_span_metrics_calls_total', { service_name: 'user' }, [0, 0], [900, 990]),
    metric('traces_span_metrics_calls_total', { service_name: 'load' }, [0, 0], [900, 100]),
  ];

  test('counts each stage, and finds nothing lost where all arrived', () => {
    const flow = spanFlow(whole, fromS, untilS);
    expect(flow).toMatchObject({
      ended: 997,
      exported: 990,
      uncounted: { load: 100 },
      accepted: 1090,
      sent: 1090,
      stored: 1090,
      sampledOut: null,
      restarts: [],
      ratePerS: 0,
    });
    expect(flow && [unaccounted(flow), marginOf(flow)]).toEqual([0, 0]);
  });

  test('finds what a killed collector took with it', () => {
    const killed = whole.map((each) =>
      each.labels.exporter === 'jaeger_storage_exporter'
        ? metric(each.labels.__name__ ?? '', each.labels, [0, 0], [900, 1000])
        : each,
    );
    const flow = spanFlow([...killed, up(collector, [100, 100], [500, 3])], fromS, untilS);
    expect(flow && unaccounted(flow)).toBe(90);
    expect(flow?.restarts).toEqual([{ program: 'collector', unixS: 500, stored: 0 }]);
  });

  test('says how much a restarted Jaeger had stored, and counts it as stored', () => {
    const restarted = whole.map((each) =>
      each.labels.exporter === 'jaeger_storage_exporter'
        ? metric(each.labels.__name__ ?? '', each.labels, [0, 0], [400, 700], [500, 10], [900, 390])
        : each,
    );
    const flow = spanFlow([...restarted, up(jaeger, [400, 400], [500, 3])], fromS, untilS);
    expect(flow).toMatchObject({
      stored: 1090,
      restarts: [{ program: 'jaeger', unixS: 500, stored: 700 }],
    });
  });

  test('has what services gave up, by reason, and a margin while spans flow', () => {
    const failed = { ...user, error_type: 'export_failed' };
    const flow = spanFlow(
      [
        ...whole,
        metric('otel_sdk_exporter_span_exported_total', failed, [0, 0], [900, 40]),
        metric(
          'otel_sdk_exporter_span_exported_total',
          { ...user, instance: '2' },
          [980, 0],
          [995, 150],
        ),
      ],
      fromS,
      untilS,
    );
    expect(flow).toMatchObject({ dropped: { export_failed: 40 }, ratePerS: 10 });
    expect(flow && marginOf(flow)).toBe(20);
  });

  test('begins where Prometheus does, when that found the others running', () => {
    const flow = spanFlow([...whole.slice(3), up(collector, [0, 500], [900, 1400])], -100, untilS);
    expect(flow).toMatchObject({ fromS: 60, accepted: 1090 });
  });

  test('is null where no collector tells', () => {
    expect(spanFlow(whole.slice(0, 3), fromS, untilS)).toBeNull();
  });
});
