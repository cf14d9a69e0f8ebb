/**
 * Gives each row a column of its own, so that the sum of the scores is largest: null for a row that
 * gets none. A score of 0 or less is no pair. Time: rows² × columns.
 * Source: the Hungarian method in its form with potentials (Kuhn 1955; Jonker and Volgenant 1987).
 */
export function assign(
  rows: number,
  columns: number,
  score: (row: number, column: number) => number,
): (number | null)[] {
  // Columns from 1; behind the real ones a row each that stands for none. Row 0 and column 0 are helpers.
  const width = columns + rows;
  const cost = (row: number, column: number) =>
    column > columns ? 0 : -Math.max(0, score(row - 1, column - 1));
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(width + 1);
  const rowOf = new Int32Array(width + 1);
  const cameFrom = new Int32Array(width + 1);
  for (let row = 1; row <= rows; row++) {
    // Invariant: the rows before this one are assigned at the least cost.
    const least = new Float64Array(width + 1).fill(Number.POSITIVE_INFINITY);
    const done = new Uint8Array(width + 1);
    rowOf[0] = row;
    let column = 0;
    do {
      done[column] = 1;
      const from = rowOf[column] as number;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= width; j++) {
        if (done[j] === 1) continue;
        const reduced =
          cost(from, j) - (rowPotential[from] as number) - (columnPotential[j] as number);
        if (reduced < (least[j] as number)) {
          least[j] = reduced;
          cameFrom[j] = column;
        }
        if ((least[j] as number) < step) {
          step = least[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= width; j++) {
        if (done[j] === 1) {
          const at = rowOf[j] as number;
          rowPotential[at] = (rowPotential[at] as number) + step;
          columnPotential[j] = (columnPotential[j] as number) - step;
        } else least[j] = (least[j] as number) - step;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const before = cameFrom[column] as number;
      rowOf[column] = rowOf[before] as number;
      column = before;
    }
  }
  const taken = new Array<number | null>(rows).fill(null);
  for (let j = 1; j <= columns; j++) {
    const row = rowOf[j] as number;
    if (row > 0 && score(row - 1, j - 1) > 0) taken[row - 1] = j - 1;
  }
  return taken;
}
