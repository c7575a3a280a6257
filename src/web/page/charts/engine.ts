import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { AriaComponent, CalendarComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// The parts that the page uses: the whole library is three times as large.
echarts.use([
  AriaComponent,
  BarChart,
  CalendarComponent,
  CanvasRenderer,
  CustomChart,
  GridComponent,
  LegendComponent,
  LineChart,
  TooltipComponent,
]);

export const init = echarts.init;
