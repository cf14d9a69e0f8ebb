/** A sentence of a report. What stands between two asterisks is the figure to look at. */
export interface Sentence {
  readonly tone: 'good' | 'plain' | 'bad';
  readonly text: string;
}
