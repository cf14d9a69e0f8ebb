/** `1 span`, `2 spans`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** `once`, `2 times`. */
export function often(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
}
