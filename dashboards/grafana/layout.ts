import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DashboardBuilder,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Panels side by side, all as high as the line. */
export interface Line {
  /** In grid units of 30 px. */
  readonly height: number;
  readonly panels: readonly Placed[];
}

/** Its width in 24ths of the page, and the panel. */
export type Placed = readonly [width: number, panel: Panel];

export interface Section {
  readonly title: string;
  /** Whether pauses are drawn into its panels. */
  readonly showsPauses?: boolean;
  readonly lines: readonly Line[];
}

const gridWidth = 24;

/**
 * Places sections below one another on Grafana's grid and numbers their panels from 1.
 * @returns the ids of the panels that pauses are drawn into.
 * @throws {RangeError} if a line is wider than the page.
 */
export function placeSections(dashboard: DashboardBuilder, sections: readonly Section[]): number[] {
  const pauseIds: number[] = [];
  let id = 1;
  let y = 0;
  for (const { title, lines, showsPauses = false } of sections) {
    dashboard.withRow(new RowBuilder(title).id(id++).gridPos({ x: 0, y, w: gridWidth, h: 1 }));
    y += 1;
    for (const { height, panels } of lines) {
      let x = 0;
      for (const [width, panel] of panels) {
        if (x + width > gridWidth) {
          throw new RangeError(
            `"${panel.title}" in "${title}" would end at column ${x + width}, the page has ${gridWidth}; make its line narrower`,
          );
        }
        const placed = { ...panel, id: id++, gridPos: { x, y, w: width, h: height } };
        dashboard.withPanel(built(placed));
        if (showsPauses) pauseIds.push(placed.id);
        x += width;
      }
      y += height;
    }
  }
  return pauseIds;
}

function built(panel: Panel): Builder<Panel> {
  return { build: () => panel };
}
