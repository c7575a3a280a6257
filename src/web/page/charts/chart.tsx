import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { useEffect, useRef, useState } from 'preact/hooks';
import { readTheme, type Theme } from './theme.js';

export interface Frame {
  readonly width: number;
  readonly theme: Theme;
}

interface ChartProps {
  /** What the chart shows, for who cannot see it. */
  readonly label: string;
  /** For the width that it gets. */
  readonly height: number | ((width: number) => number);
  /** The chart for the space and the colours that it gets. */
  readonly draw: (frame: Frame) => EChartsCoreOption;
  /** Changes when what is drawn changes. */
  readonly of: unknown;
}

const DARK = matchMedia('(prefers-color-scheme: dark)');

/** A chart of ECharts, which is loaded when the first one is shown: figures stand on the page before. */
export function Chart({ label, height, draw, of }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | undefined>(undefined);
  const [ready, setReady] = useState<object | undefined>(undefined);
  const frame = useFrame(place);
  const heightPx = typeof height === 'number' ? height : height(frame?.width ?? innerWidth);

  useEffect(() => {
    let gone = false;
    void import('./engine.js').then(({ init }) => {
      if (gone || !place.current) return;
      chart.current = init(place.current);
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
    chart.current.setOption({ animation: false, textStyle: { fontFamily: frame.theme.font }, ...draw(frame) }, true);
  }, [ready, frame, of, heightPx]);

  return (
    <div class="chart" style={{ height: `${heightPx}px` }} data-drawn={ready !== undefined}>
      <div ref={place} class="chart-place" role="img" aria-label={label} />
    </div>
  );
}

/** The width of `place` and the colours of the page, anew when either changes. */
function useFrame(place: { readonly current: HTMLElement | null }): Frame | undefined {
  const [frame, setFrame] = useState<Frame | undefined>(undefined);
  useEffect(() => {
    const element = place.current;
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
  }, [place]);
  return frame;
}
