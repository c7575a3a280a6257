import { type CostPage, readCosts } from '../../examples/runner/costs.js';
import type { Project } from '../../examples/runner/database.js';
import type { LedgerEntry } from '../scripted-api/ledger.js';
import type { ScriptedApi } from '../scripted-api/server.js';
import type { ControlCenter } from './control-center.js';

/** What gpt-5.3-codex costs, in USD per million tokens: written here anew, so that the product does not check itself. */
const PRICE = { input: 1.75, cached: 0.175, output: 14 };

/** How the control center begins its prompts. */
const CATEGORIES = [
  [/^Build: /, 'builder'],
  [/^Review round /, 'reviewer'],
  [/^(Chat|Suggest what this message needs): /, 'chat'],
  [/^Summarise this conversation:/, 'chat'],
  [/^Write the handoff of /, 'handoff'],
  [/^Draft a task from this idea: /, 'other'],
] as const;

/** Whose a prompt is that has the text `says`. */
export interface Owner {
  readonly says: string;
  readonly project: Project;
  readonly run?: string;
}

type Bill = Omit<CostPage, 'budget'> & { readonly spent: number };

/** What the API's ledger says that the page of a project should show. */
export function readBill(api: ScriptedApi, project: Project, owners: readonly Owner[]): Bill {
  const sums = { byCategory: {}, byRun: {}, byDay: {}, byMonth: {} };
  const tokens = { input: 0, output: 0 };
  let total = 0;
  for (const entry of api.ledger) {
    const prompt = promptOf(api, entry);
    const owner = owners.find(({ says }) => prompt.includes(says));
    const category = CATEGORIES.find(([beginning]) => beginning.test(prompt))?.[1];
    if (!owner || !category) throw new Error(`nobody is named for "${prompt}"`);
    if (owner.project.id !== project.id) continue;
    const cost = priceOf(entry);
    const day = new Date(entry.completedAtMs).toISOString().slice(0, 10);
    total += cost;
    tokens.input += entry.usage?.input ?? 0;
    tokens.output += entry.usage?.output ?? 0;
    add(sums.byCategory, category, cost);
    if (owner.run) add(sums.byRun, owner.run, cost);
    add(sums.byDay, day, cost);
    add(sums.byMonth, day.slice(0, 7), cost);
  }
  return rounded({ total, tokens, ...sums, spent: total });
}

/** What its page does show. */
export function readPage({ db }: ControlCenter, project: Project): Bill {
  const { budget, ...page } = readCosts(db, project.id);
  return rounded({ ...page, spent: budget.spent });
}

function promptOf(api: ScriptedApi, { request }: LedgerEntry): string {
  const input = (api.requests[request]?.body.input ?? []) as {
    role?: string;
    content?: string | { text?: string }[];
  }[];
  const texts = input
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text ?? ''),
    );
  const prompt = texts.find((text) => CATEGORIES.some(([beginning]) => beginning.test(text)));
  if (prompt === undefined) throw new Error(`request ${request} has no prompt of the control center's`);
  return prompt;
}

function priceOf({ usage }: LedgerEntry): number {
  if (!usage) return 0;
  const { input, cached, output } = usage;
  return ((input - cached) * PRICE.input + cached * PRICE.cached + output * PRICE.output) / 1_000_000;
}

function add(sums: Record<string, number>, part: string, cost: number): void {
  sums[part] = (sums[part] ?? 0) + cost;
}

/** To a millionth of a cent: sums of such numbers differ in their last digits by the order in which they are added. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Math.round(value * 1e8) / 1e8) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rounded(part)])) as T;
}
