/* Draws the charts of report.html. Runs in the browser, with uPlot before it. */
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const charts = [];
  let chosenTier = 0;

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const width = (box) => Math.max(280, box.clientWidth);
  const msText = (value) =>
    value == null ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

  /* Squares in one path: 50,000 of them draw in a few milliseconds. */
  const squares = (size) => (u, seriesIndex, from, to) => {
    const path = new Path2D();
    const xs = u.data[0];
    const ys = u.data[seriesIndex];
    const side = size * devicePixelRatio;
    for (let i = from; i <= to; i++) {
      if (ys[i] == null) continue;
      const x = u.valToPos(xs[i], 'x', true);
      const y = u.valToPos(ys[i], 'y', true);
      path.rect(x - side / 2, y - side / 2, side, side);
    }
    return { stroke: null, fill: path, clip: null, flags: 1 };
  };

  const cloud = (label, name, size) => ({
    label,
    fill: color(name),
    paths: squares(size),
    points: { show: false },
    value: (_, value) => msText(value),
  });

  const axes = (xLabel, extra = {}) => {
    const common = {
      stroke: color('--soft'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { stroke: color('--line'), width: 1 },
      font: '13px system-ui, sans-serif',
      labelFont: '13px system-ui, sans-serif',
    };
    return [
      { ...common, label: xLabel, labelSize: 22, ...extra },
      { ...common, size: 64, values: (_, ticks) => ticks.map((tick) => `${tick} ms`) },
    ];
  };

  /* Shades what `spans` gives in values of the x axis, behind everything else. */
  const bands = (spans) => ({
    hooks: {
      drawClear: (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        ctx.fillStyle = color('--band');
        for (const [from, to] of spans) {
          const left = u.valToPos(from, 'x', true);
          const right = u.valToPos(to, 'x', true);
          ctx.fillRect(left, bbox.top, Math.max(devicePixelRatio, right - left), bbox.height);
        }
        ctx.restore();
      },
    },
  });

  const marker = (at, text) => ({
    hooks: {
      draw: (u) => {
        if (at == null) return;
        const { ctx, bbox } = u;
        const x = u.valToPos(at, 'x', true);
        if (x < bbox.left || x > bbox.left + bbox.width) return;
        ctx.save();
        ctx.strokeStyle = color('--soft');
        ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.fillStyle = color('--soft');
        ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
        ctx.textAlign = 'left';
        ctx.fillText(text, x + 6 * devicePixelRatio, bbox.top + 14 * devicePixelRatio);
        ctx.restore();
      },
    },
  });

  const fromZero = (_, __, most) => [0, (most || 1) * 1.05];

  const byState = (values, states) =>
    [0, 1, 2].map((state) => values.map((value, i) => (states[i] === state ? value : null)));

  const clouds = () => [
    cloud('others', '--ordinary', 2.5),
    cloud('victims', '--victim', 4),
    cloud('failed', '--failed', 4),
  ];

  const draw = (id, options, series) => {
    const box = document.getElementById(id);
    if (!box) return;
    const chart = new uPlot({ width: width(box), height: 340, ...options }, series, box);
    charts.push({ chart, box });
  };

  const drawScatter = () => {
    const { timesS, latenciesMs, states } = data.scatters[chosenTier] ?? {};
    if (!timesS) return;
    draw(
      'scatter',
      {
        scales: { x: { time: false }, y: { range: fromZero } },
        axes: axes('seconds since the run began'),
        series: [
          { label: 'at', value: (_, value) => (value == null ? '–' : `${value.toFixed(3)} s`) },
          ...clouds(),
        ],
        plugins: [
          bands(data.pauses.map(({ fromS, toS }) => [fromS, toS])),
          marker(data.pausesFromS, 'with pauses'),
        ],
      },
      [timesS, ...byState(latenciesMs, states)],
    );
  };

  const drawFold = () => {
    const { fold } = data;
    if (!fold) return;
    // The line's corners join the points on one x axis.
    const rows = fold.sinceMs.map((x, i) => [x, fold.latenciesMs[i], fold.states[i], null]);
    for (const [x, y] of fold.predicted) rows.push([x, null, -1, y]);
    rows.sort((a, b) => a[0] - b[0]);
    draw(
      'fold',
      {
        scales: { x: { time: false }, y: { range: fromZero } },
        axes: axes('intended time, ms since the pause began'),
        series: [
          { label: 'since', value: (_, value) => msText(value) },
          ...clouds(),
          {
            label: 'predicted',
            stroke: color('--predicted'),
            width: 2,
            dash: [8, 6],
            spanGaps: true,
            points: { show: false },
            value: (_, value) => msText(value),
          },
        ],
        plugins: [bands([[0, fold.pauseMs]])],
      },
      [
        rows.map(([x]) => x),
        ...byState(
          rows.map(([, y]) => y),
          rows.map(([, , state]) => state),
        ),
        rows.map(([, , , line]) => line),
      ],
    );
  };

  const drawCurve = () => {
    const { positions, baselineMs, pausesMs, predictedMs } = data.curve;
    const named = [
      [0, '0'],
      [Math.log10(2), '50'],
      [1, '90'],
      [2, '99'],
      [3, '99.9'],
      [4, '99.99'],
      [5, '99.999'],
    ];
    const shown = named.filter(([position]) => position <= positions.at(-1) + 1e-6);
    const percentile = (position) =>
      position == null ? '–' : `${Number((100 * (1 - 10 ** -position)).toPrecision(5))} %`;
    const line = (label, name, dash) => ({
      label,
      stroke: color(name),
      width: 2.5,
      ...(dash ? { dash, width: 2 } : {}),
      points: { show: false },
      value: (_, value) => msText(value),
    });
    draw(
      'curve',
      {
        scales: { x: { time: false }, y: { range: fromZero } },
        axes: axes('percentile', {
          splits: () => shown.map(([position]) => position),
          values: () => shown.map(([, name]) => name),
        }),
        series: [
          { label: 'percentile', value: (_, value) => percentile(value) },
          line('baseline', '--ordinary'),
          line('with pauses', '--victim'),
          line('predicted', '--predicted', [8, 6]),
        ],
      },
      [positions, baselineMs, pausesMs, predictedMs],
    );
  };

  const drawAll = () => {
    for (const { chart } of charts.splice(0)) chart.destroy();
    drawFold();
    drawScatter();
    drawCurve();
  };

  const tabs = document.getElementById('tiers');
  data.scatters.forEach(({ name }, index) => {
    const button = document.createElement('button');
    button.textContent = `tier ${name}`;
    button.setAttribute('aria-pressed', String(index === chosenTier));
    button.addEventListener('click', () => {
      chosenTier = index;
      for (const other of tabs.children)
        other.setAttribute('aria-pressed', String(other === button));
      drawAll();
    });
    tabs.append(button);
  });

  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('resize', () => {
    for (const { chart, box } of charts) chart.setSize({ width: width(box), height: 340 });
  });
})();
