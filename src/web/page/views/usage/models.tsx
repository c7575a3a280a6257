import type { ModelSums } from '../../answers.js';
import { formatShare } from '../../format.js';
import { sumColumns } from '../../parts/columns.jsx';
import { ProviderName } from '../../parts/figures.jsx';
import { Panel } from '../../parts/panel.jsx';
import { type Column, Table } from '../../parts/table.jsx';
import type { PeriodReport } from '../../usage-answers.js';

export function Models({ report }: { readonly report: PeriodReport | null }) {
  if (!report) return null;
  const whole = report.totals.costUsd ?? 0;
  const columns: Column<ModelSums>[] = [
    { key: 'model', title: 'Model', value: ({ model }) => model },
    {
      key: 'provider',
      title: 'Provider',
      value: ({ provider }) => provider ?? null,
      show: ({ provider }) => provider && <ProviderName provider={provider} />,
    },
    ...sumColumns<ModelSums>(),
    {
      key: 'part',
      title: 'Share of cost',
      align: 'right',
      value: ({ costUsd }) => (whole > 0 && costUsd !== null ? costUsd / whole : null),
      show: ({ costUsd }) => (whole > 0 && costUsd !== null ? formatShare(costUsd / whole) : '–'),
    },
  ];
  return (
    <Panel title="Models" hint="The dearest first.">
      <Table
        name="models"
        columns={columns}
        rows={report.totals.models}
        keyOf={({ provider, model }) => `${provider} ${model}`}
      />
    </Panel>
  );
}
