import { useEffect, useRef } from 'preact/hooks';
import { changeQuery } from '../address.js';
import type { CostReport } from '../answers.js';
import { useAnswer } from '../ask.js';
import { chooseUsdDigits, formatCompact, formatCount, formatMinute } from '../format.js';
import { countColumn } from '../parts/columns.jsx';
import { Share, Tokens, Usd } from '../parts/figures.jsx';
import { Await, Empty, Link, Panel } from '../parts/layout.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { addressOfWhy, commandOf, nameOf, readPart, type Why, type WhyPart } from '../why.js';

interface WhyPanelProps {
  readonly report: CostReport;
  /** Undefined: nobody has asked, and a run that goes on is not explained anew with each of its responses. */
  readonly part: WhyPart | undefined;
  readonly isRunning: boolean;
}

/** Why the run, a part of it or the session cost what it cost, and what to change: as `codex-usage why`. */
export function WhyPanel({ report, part, isRunning }: WhyPanelProps) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (part !== undefined) panel.current?.scrollIntoView({ block: 'start' });
  }, [part]);
  const explained = readPart(part);
  const isPart = explained.phase !== undefined || explained.iteration !== undefined;
  return (
    <div ref={panel} class="why">
      <Panel
        title={isPart ? `Why ${nameOf(explained)} cost that` : 'Why it cost that'}
        hint={<code>{commandOf(report, explained)}</code>}
        actions={
          isPart && (
            <button type="button" class="quiet" onClick={() => changeQuery({ why: 'all' })}>
              All of the run
            </button>
          )
        }
      >
        {part === undefined && isRunning ? (
          <p class="roomy">
            <button type="button" onClick={() => changeQuery({ why: 'all' })}>
              Explain the run so far
            </button>
          </p>
        ) : (
          <Answer report={report} part={part} />
        )}
      </Panel>
    </div>
  );
}

function Answer({ report, part }: Pick<WhyPanelProps, 'report' | 'part'>) {
  const { kind, projectId: project } = report;
  const { phase, iteration } = readPart(part);
  const id = report.runId ?? report.threadId;
  const asked = useAnswer<Why>('/api/why', { kind, id, project, phase, iteration });
  return <Await asked={asked}>{(why) => <Explanation why={why} />}</Await>;
}

function Explanation({ why }: { readonly why: Why }) {
  if (why.dearestResponses.length === 0) {
    return <Empty title="Nothing here has a known price">{why.gaps[0]}</Empty>;
  }
  const name = ['why', why.runId ?? why.threadId, why.phase, why.iteration].filter((one) => one !== null).join(' ');
  return (
    <>
      <p class="why-step">
        <strong>Next step:</strong> {why.nextStep}
      </p>
      <div class="why-halves">
        <Dearest why={why} />
        <div>
          <Table
            name={`${name} parts`}
            columns={partColumns(why)}
            rows={why.parts.filter(({ costNanoUsd, medianNanoUsd }) => costNanoUsd !== 0 || (medianNanoUsd ?? 0) !== 0)}
            keyOf={({ part }) => part}
            total={totalOf(why)}
          />
          <Table
            name={`${name} causes`}
            columns={causeColumns(why)}
            rows={why.causes}
            keyOf={({ kind }) => kind}
            first={5}
          />
        </div>
      </div>
      <p class="hint why-gaps">Causes overlap, so they do not add up. {why.gaps.join(' ')}</p>
    </>
  );
}

function Dearest({ why }: { readonly why: Why }) {
  const { dearestResponses } = why;
  const digits = chooseUsdDigits(dearestResponses.map(({ costNanoUsd }) => costNanoUsd / 1e9));
  return (
    <ol class="dearest" aria-label="The dearest responses">
      {dearestResponses.map(({ responseKey, phase, iteration, ...one }) => (
        <li key={responseKey}>
          <strong>
            <Usd usd={one.costNanoUsd / 1e9} digits={digits} />
          </strong>{' '}
          {phase !== null && iteration !== null && <PartLink why={why} phase={phase} iteration={iteration} />}{' '}
          {one.model}
          <p class="hint">
            {formatMinute(one.completedAt)} · {formatCompact(one.inputTokens)} in (
            {formatCompact(one.cachedInputTokens)} cached) · {formatCompact(one.outputTokens)} out
          </p>
          <p>{one.explanation}</p>
        </li>
      ))}
    </ol>
  );
}

interface PartLinkProps {
  readonly why: Why;
  readonly phase: string;
  readonly iteration: number;
}

function PartLink({ why, phase, iteration }: PartLinkProps) {
  const { runId, projectId } = why;
  const name = nameOf({ phase, iteration: String(iteration) });
  const isShown = why.phase === phase && why.iteration === iteration;
  if (isShown || runId === undefined || projectId === undefined) return name;
  return <Link href={addressOfWhy({ runId, projectId }, iteration, phase)}>{name}</Link>;
}

type PartRow = Why['parts'][number];
type CauseRow = Why['causes'][number];

function totalOf({ totalNanoUsd, comparedWith }: Why): PartRow {
  const medianNanoUsd = comparedWith?.medianNanoUsd ?? null;
  return { part: '', name: '', tokens: null, costNanoUsd: totalNanoUsd, medianNanoUsd };
}

function partColumns({ totalNanoUsd, comparedWith }: Why): Column<PartRow>[] {
  const median = `Median of ${formatCount(comparedWith?.iterationCount ?? 0)} others`;
  return [
    { title: 'Part', value: ({ name }) => name },
    usdColumn('Cost', ({ costNanoUsd }) => costNanoUsd),
    shareColumn(totalNanoUsd),
    ...(comparedWith ? [usdColumn<PartRow>(median, ({ medianNanoUsd }) => medianNanoUsd)] : []),
    {
      ...{ title: 'Tokens', align: 'right', value: ({ tokens }) => tokens },
      show: ({ tokens }) => tokens !== null && <Tokens count={tokens} />,
    },
  ];
}

function causeColumns({ totalNanoUsd }: Why): Column<CauseRow>[] {
  return [
    { title: 'Cause', wrap: true, value: ({ name }) => name },
    usdColumn('Cost', ({ costNanoUsd }) => costNanoUsd),
    shareColumn(totalNanoUsd),
    countColumn('Responses', ({ responseCount }) => responseCount),
  ];
}

function usdColumn<Row>(title: string, nanoUsd: (row: Row) => number | null): Column<Row> {
  const usd = (row: Row) => {
    const nano = nanoUsd(row);
    return nano === null ? null : nano / 1e9;
  };
  return {
    ...{ title, unit: 'USD', align: 'right', value: usd },
    show: (row, digits) => <Usd usd={usd(row)} digits={digits} />,
  };
}

function shareColumn<Row extends { readonly costNanoUsd: number }>(totalNanoUsd: number): Column<Row> {
  const shareOf = ({ costNanoUsd }: Row) => (totalNanoUsd > 0 ? costNanoUsd / totalNanoUsd : null);
  return {
    ...{ title: 'Share', align: 'right', value: shareOf },
    show: (row) => <Share share={shareOf(row)} />,
  };
}
