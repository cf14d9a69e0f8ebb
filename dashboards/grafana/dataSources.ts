/** Fixed uids of the provisioned data sources: `provisioning/datasources/` gives them the same. */
export const prometheus = { type: 'prometheus', uid: 'prometheus' } as const;
export const jaeger = { type: 'jaeger', uid: 'jaeger' } as const;
export const loki = { type: 'loki', uid: 'loki' } as const;
