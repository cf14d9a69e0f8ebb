/** What the library writes on spans. Times in milliseconds. */
export const PausedAttribute = {
  /** On a span: how long of it was a pause. */
  overlapMs: 'aftershock.pause.overlap_ms',
  /**
   * On the span that a request began with here, and on what it waited: `hit` where the request was
   * in the process, or on its way into it, during a pause; `queued` where it came after one, into
   * the backlog.
   */
  role: 'aftershock.pause.role',
  /** On the event `pause`: length of the pause. */
  durationMs: 'aftershock.pause.duration_ms',
  /** On the span that a request began with here: from its arrival until the handler began. */
  waitMs: 'aftershock.server.wait_ms',
  /**
   * How the arrival is known: `stamp` by the sender, or `idle`: when this process last had nothing to
   * do, or has, without a rest, last asked for what is there.
   */
  waitFrom: 'aftershock.server.wait_from',
  /** Beside the wait: how much of it the thread was ready and without a core, while its loop seemed idle. */
  waitCoreMs: 'aftershock.server.wait_core_ms',
  /**
   * On the span that a request began with here, where that was long after its sending: from that, by
   * the sender's clock, until it was last seen not to be here.
   */
  transitMs: 'aftershock.server.transit_ms',
  /** How much of the wait was a pause. */
  waitPauseMs: 'aftershock.server.wait_pause_ms',
  /**
   * On a client span: for how long its answer may have been here when it ended. It lay here unread
   * for as much of that as there is after its sending.
   */
  clientBusyMs: 'aftershock.client.busy_ms',
  /** Beside it: how much of that the thread was ready and without a core, while its loop seemed idle. */
  clientCoreMs: 'aftershock.client.busy_core_ms',
  /** On a client span: the same of its answer. */
  clientTransitMs: 'aftershock.client.transit_ms',
  /** The sender's stamp lies so far from our own clock: after (negative), or before. It is not believed. */
  clockApartMs: 'aftershock.clock.apart_ms',
  /** On the span of a pause: requests that were hit, and queued. */
  hit: 'aftershock.pause.hit',
  queued: 'aftershock.pause.queued',
  /** On the span of a pause: what was measured over it. */
  loopStallMs: 'aftershock.pause.evidence.loop_stall_ms',
  gcMs: 'aftershock.pause.evidence.gc_ms',
  processCpuMs: 'aftershock.pause.evidence.process_cpu_ms',
  mainThreadCpuMs: 'aftershock.pause.evidence.main_thread_cpu_ms',
  runDelayMs: 'aftershock.pause.evidence.run_delay_ms',
  throttledMs: 'aftershock.pause.evidence.throttled_ms',
  heartbeatGapMs: 'aftershock.pause.evidence.heartbeat_gap_ms',
  processStopped: 'aftershock.pause.evidence.process_stopped',
  stack: 'code.stacktrace',
  /** On the span of a pause that was made on demand: what the detector saw of it. */
  detectedKind: 'aftershock.pause.detected.kind',
  detectedStartMs: 'aftershock.pause.detected.start_offset_ms',
  detectedEndMs: 'aftershock.pause.detected.end_offset_ms',
} as const;

/**
 * Read, not written: milliseconds that a request waited for its turn where a service limits how many
 * it works on at once.
 */
export const turnWaitMs = 'aftershock.queue.wait_ms';
