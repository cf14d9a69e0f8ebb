/** A table as data: the terminal and the page draw the same one. */
export interface Table {
  readonly title: string;
  /** The first column is aligned left, the others right, unless they say otherwise. */
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  /** With the unit. May have a line break. */
  readonly head: string;
  readonly align?: 'left' | 'right';
}

export interface Row {
  readonly cells: readonly Cell[];
  /** Detail of the row above. */
  readonly quiet?: boolean;
  /** Cells, from 0, that a reader should look at: measured and expected differ by much. */
  readonly marks?: readonly number[];
}

/** A text, or a value in the baseline and with pauses. */
export type Cell = string | { readonly baseline: string; readonly pauses: string };

/** A cell with both phases; one text if they say the same thing in words. */
export function pair(baseline: string, pauses: string): Cell {
  return baseline === pauses && !/\d/.test(baseline) ? baseline : { baseline, pauses };
}
