import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { recordOf } from '../harness/record.js';
import { type Ended, openWorkbench, type RunOptions, type Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { installRelease, RELEASES } from './releases.js';
import { SCRIPT, WAYS, type Way } from './scenarios.js';

const ACCURACY = fileURLToPath(new URL('../../docs/accuracy.md', import.meta.url));

const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const releases = wanted.length > 0 ? wanted : [...RELEASES];
const rows: string[][] = [];
for (const way of WAYS) rows.push([way.name]);
for (const version of releases) {
  process.stderr.write(`Codex ${version}: installing …\n`);
  const codex = await installRelease(version);
  for (const [index, way] of WAYS.entries()) {
    const cell = await tryOut(way, codex);
    process.stderr.write(`Codex ${version}: ${way.name}: ${cell}\n`);
    rows[index]?.push(cell);
  }
}
const table = describeTable(rows);
process.stdout.write(`${table}\n`);
if (process.argv.includes('--write')) writeFileSync(ACCURACY, describeDocument(table));
const wrong = rows.flatMap((cells) => cells.slice(1)).filter((cell) => !/^(exact|not in this Codex)$/.test(cell));
process.exitCode = wrong.length > 0 ? 1 : 0;

/** Plays one way on a workbench of its own, and says how near its record is to the ledger. */
async function tryOut({ play }: Way, codex: string): Promise<string> {
  const bench = await openWorkbench(...SCRIPT);
  try {
    const withCodex = (options: RunOptions = {}): RunOptions => ({
      ...options,
      env: { ...options.env, CODEX_METERED_CODEX: codex },
    });
    const run = await play({
      bench,
      run: (args, options) => bench.run(args, withCodex(options)),
      start: (args, options) => bench.start(args, withCodex(options)),
    });
    return judge(bench, run);
  } finally {
    await bench.close();
  }
}

function judge(bench: Workbench, run: Ended): string {
  // A Codex that does not know the subcommand or the option ends with 2 and calls no model.
  if (run.exitCode === 2 && run.ledger.length === 0) return 'not in this Codex';
  const { responses } = recordOf(bench, run);
  const sources = new Set(responses.map(({ source }) => source));
  const counted = responses.map(({ input, cached, output, reasoning }) => [input, cached, output, reasoning].join());
  const billed = run.ledger.map(({ usage }) => [usage?.input, usage?.cached, usage?.output, usage?.reasoning].join());
  const same = counted.toSorted().join(' ') === billed.toSorted().join(' ');
  if (same && [...sources].every((source) => source === 'actual')) return 'exact';
  const truth = sumLedger(run.ledger).input;
  const recorded = responses.reduce((sum, { input }) => sum + input, 0);
  const error = truth === 0 ? 'nothing billed' : `${(((recorded - truth) / truth) * 100).toFixed(0)} %`;
  return `${[...sources].join(', ') || 'nothing recorded'}, ${error}`;
}

function describeTable(cells: string[][]): string {
  const head = ['', ...releases];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function describeDocument(results: string): string {
  return `# Accuracy

Real releases of Codex from npm, run by codex-metered against a scripted API that keeps a ledger of what it reported. A
cell is *exact* when the record of the last run holds the same responses as the ledger, each with the same counters, all
of source \`actual\`. Made by \`npm run test:matrix -- --write\`, which ends with an error when a cell is neither exact nor
beyond what that Codex can do.

${results}

*not in this Codex*: the subcommand or the option came later.
`;
}
