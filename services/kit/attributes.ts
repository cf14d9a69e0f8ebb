/** Span attributes that no semantic convention has. */
export const Attribute = {
  /** On a client span: position of the call among those of the script, from 0. Attempts share it. */
  callIndex: 'aftershock.call.index',
  /** On a client span: name of the called service in the mesh. */
  callTo: 'aftershock.call.to',
  /** On a server span, where concurrency is limited: milliseconds until the request's turn came. */
  queueWaitMs: 'aftershock.queue.wait_ms',
  /** On a client span whose timer fired: `spurious`, `late` or `undetermined`; see `timeoutVerdict.ts`. */
  timeoutVerdict: 'aftershock.timeout.verdict',
  /** Beside it: milliseconds by which the timer fired too late. */
  timeoutLateMs: 'aftershock.timeout.late_ms',
  /** Beside it, where the answer was there: milliseconds from its arrival to the deadline; below 0: after. */
  timeoutSpareMs: 'aftershock.timeout.spare_ms',
  /** Beside it: whether the answer was taken all the same. */
  timeoutAnswerTaken: 'aftershock.timeout.answer_taken',
  /** On the load's root span: `warmup`, `baseline`, `pauses`, or `steady` where no experiment runs. */
  loadPhase: 'aftershock.load.phase',
  /** On the load's root span: milliseconds from the intended time to the sending. */
  loadLateMs: 'aftershock.load.late_ms',
  /**
   * On a client span, where a connection had to be opened: milliseconds until the request was
   * written to it. A loop that is busy notices late that it is open.
   */
  clientConnectMs: 'aftershock.client.connect_ms',
} as const;

/** Metrics that no semantic convention has. */
export const Metric = {
  /** Histogram, seconds: a pause, by `aftershock.pause.kind`. */
  pauseDuration: 'aftershock.pause.duration',
  /** Gauge, seconds since 1970: when each of the last pauses began, by kind and slot. */
  pauseStart: 'aftershock.pause.start_time',
  /** Attribute of it: pauses take turns at so many slots, so that none hides the one before. */
  pauseSlot: 'aftershock.pause.slot',
  /** Counter: requests that a pause hit, and those that waited in its backlog, by role. */
  pauseVictims: 'aftershock.pause.victims',
  /** Histogram, seconds: waiting for a turn where concurrency is limited. */
  queueDuration: 'aftershock.server.queue.duration',
} as const;
