/** Name and version under which our own spans, metrics and logs are recorded. */
export const scope = { name: 'aftershock', version: '0.1.0' } as const;
