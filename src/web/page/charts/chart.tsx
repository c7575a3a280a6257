import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { useEffect, useRef, useState } from 'preact/hooks';
import { PROVIDERS } from '../names.js';
import { COLOURS, type Frame, type Theme } from './theme.js';

interface ChartProps {
  /** What the chart shows, for who cannot see it. */
  readonly label: string;
  /** For the width that it gets. */
  readonly height: number | ((width: number) => number);
  /** The chart for the space and the colours that it gets. */
  readonly draw: (frame: Frame) => EChartsCoreOption;
  /** Changes when what is drawn changes. */
  readonly of: unknown;
  /** Called with the number of the bar, or of the day and its name (`2026-11-24`), that was clicked. */
  readonly onPick?: (index: number, day: string) => void;
}

const DARK = matchMedia('(prefers-color-scheme: dark)');

/** A chart of ECharts, which is loaded when the first one is shown: figures stand on the page before. */
export function Chart({ label, height, draw, of, onPick }: ChartProps) {
  const canvas = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | undefined>(undefined);
  const [ready, setReady] = useState<object | undefined>(undefined);
  const frame = useFrame(canvas);
  const heightPx = typeof height === 'number' ? height : height(frame?.width ?? innerWidth);

  const pick = useRef(onPick);
  pick.current = onPick;

  useEffect(() => {
    let gone = false;
    void import('./engine.js').then(({ init }) => {
      if (gone || !canvas.current) return;
      chart.current = init(canvas.current);
      listenToPicks(chart.current, (index, day) => pick.current?.(index, day));
      setReady({});
    });
    return () => {
      gone = true;
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);

  useEffect(() => {
    if (!chart.current || !frame) return;
    chart.current.resize({ width: frame.width, height: heightPx });
    const option = { animation: false, textStyle: { fontFamily: frame.theme.font }, ...showAsText(draw(frame)) };
    chart.current.setOption(option, true);
  }, [ready, frame, of, heightPx]);

  return (
    <div
      class={`chart ${onPick ? 'chart-picked' : ''}`}
      style={{ height: `${heightPx}px` }}
      data-drawn={ready !== undefined}
      data-scheme={frame?.theme.scheme}
    >
      <div ref={canvas} class="chart-canvas" role="img" aria-label={label} />
    </div>
  );
}

/** ECharts puts the text of a tooltip into the page as HTML. Names come from outside, so an element with the text is made here. */
function showAsText(option: EChartsCoreOption): EChartsCoreOption {
  const { formatter, ...tooltip } = option.tooltip as { formatter: (params: unknown) => string };
  const show = (params: unknown) => Object.assign(document.createElement('div'), { textContent: formatter(params) });
  return { ...option, tooltip: { ...tooltip, formatter: show } };
}

/** A bar is picked anywhere above or below it, however thin it is; a day by its cell. */
function listenToPicks(chart: ECharts, pick: (index: number, day: string) => void): void {
  const hasGrid = () => chart.getOption()?.grid !== undefined;
  chart.on('click', ({ dataIndex, value }) => {
    if (!hasGrid()) pick(dataIndex, String((value as readonly unknown[])[0]));
  });
  chart.getZr().on('click', ({ offsetX, offsetY }) => {
    const point = [offsetX, offsetY];
    if (!hasGrid() || !chart.containPixel('grid', point)) return;
    const [index] = chart.convertFromPixel({ gridIndex: 0 }, point);
    if (index !== undefined) pick(Math.round(index), '');
  });
}

/** The width of `holder` and the colours of the page, anew when either changes. */
function useFrame(holder: { readonly current: HTMLElement | null }): Frame | undefined {
  const [frame, setFrame] = useState<Frame | undefined>(undefined);
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const measure = () => {
      const width = Math.floor(element.clientWidth);
      if (width > 0) setFrame({ width, theme: readTheme(element) });
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    DARK.addEventListener('change', measure);
    return () => {
      sizes.disconnect();
      DARK.removeEventListener('change', measure);
    };
  }, [holder]);
  return frame;
}

function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const readAll = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, read(name)]));
  return {
    ...(readAll(COLOURS) as Pick<Theme, (typeof COLOURS)[number]>),
    scheme: read('scheme') === 'dark' ? 'dark' : 'light',
    font: style.fontFamily,
    providers: readAll(PROVIDERS) as Theme['providers'],
  };
}
